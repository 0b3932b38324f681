using Microsoft.AspNetCore.Http;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Tests.Wiring;

/// <summary>The framework's words for an unreadable request, in ours.</summary>
public sealed class RequestProblemsTests
{
    [Theory]
    [InlineData("Nullable<int> Limit", "limit", "It can't be 'abc'; it must be a whole number.")]
    [InlineData("Nullable<long> subscriber", "subscriber", "It can't be 'abc'; it must be a whole number.")]
    [InlineData("bool IsNew", "is_new", "It can't be 'abc'; it must be true or false.")]
    public void AQueryIsAnsweredWithTheNameAndKindItHasThere(string parameter, string field, string message)
    {
        var details = RequestProblems.Of(new BadHttpRequestException($"Failed to bind parameter \"{parameter}\" from \"abc\"."));

        var errors = Assert.IsAssignableFrom<IDictionary<string, string[]>>(details.Extensions["errors"]);
        Assert.Equal(message, Assert.Single(errors[field]));
    }

    [Theory]
    [InlineData("Implicit body inferred for parameter \"request\" but no body was provided. Did you mean to use a Service instead?")]
    [InlineData("Required parameter \"ScheduleRequest request\" was not provided from body.")]
    public void AMissingBodyIsCalledThat(string words) =>
        Assert.Equal("The request needs a body of JSON, but has none.", RequestProblems.Of(new BadHttpRequestException(words)).Detail);
}
