using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>What the room Audience says, as HTTP.</summary>
internal static class AudienceAnswers
{
    /// <summary>The problem in an outcome; null where it holds a value.</summary>
    /// <param name="outcome">What became of the request.</param>
    /// <param name="thing">What it was about, for a 404.</param>
    /// <param name="id">Which one it was about, for a 404.</param>
    public static ProblemHttpResult? Problem<T>(this AudienceOutcome<T> outcome, string thing, object id) => outcome switch
    {
        AudienceOutcome<T>.NotFound => Problems.NotFound(thing, id),
        AudienceOutcome<T>.AlreadyExists(var field, var problem) => Problems.Taken(field, problem),
        AudienceOutcome<T>.Conflict(var field, var problem) => Problems.Taken(field, problem),
        AudienceOutcome<T>.Invalid(var problems) => Problems.Invalid(Errors(problems)),
        _ => null,
    };

    /// <summary>The value of an outcome that has one, and whether it is new.</summary>
    /// <exception cref="InvalidOperationException">It has none: ask <see cref="Problem"/> first.</exception>
    public static (T Value, bool IsNew) Value<T>(this AudienceOutcome<T> outcome) => outcome switch
    {
        AudienceOutcome<T>.Created(var value) => (value, true),
        AudienceOutcome<T>.Updated(var value) => (value, false),
        AudienceOutcome<T>.Found(var value) => (value, false),
        _ => throw new InvalidOperationException($"{outcome.GetType().Name} has no value."),
    };

    private static FieldErrors Errors(IReadOnlyList<FieldProblem> problems) =>
        problems.Aggregate(new FieldErrors(), (errors, problem) => errors.Add(problem.Field, problem.Problem));
}
