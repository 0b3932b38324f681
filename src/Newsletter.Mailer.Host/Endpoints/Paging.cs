using System.ComponentModel;
using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Which part of a list is asked for.</summary>
/// <param name="After">The cursor that the page before gave as <c>next</c>.</param>
/// <param name="Limit">Items at most.</param>
internal readonly record struct PageQuery(
    [property: FromQuery(Name = "after"), Description("The cursor that the page before gave as \"next\"; absent for the first page.")] string? After,
    [property: FromQuery(Name = "limit"), Description("Items at most, 1 to 500; 50 where absent.")] int? Limit)
{
    /// <summary>Reads it, or says what is wrong with it.</summary>
    public bool TryRead(out PageRequest page, [NotNullWhen(false)] out ProblemHttpResult? problem)
    {
        problem = PageRequest.TryCreate(After, Limit, out page, out var field, out var message) ? null : Problems.Invalid(field, message);
        return problem is null;
    }
}
