using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class TagTests : ImportTest
{
    [Fact]
    public async Task TagsAreAddedByCreatingAndReplacedByChanging()
    {
        var made = await CreateAsync("Beta ", "vip", "BETA");
        Assert.Equal(["beta", "vip"], made.Tags);

        var again = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "ANA@example.com", Tags = ["ärzte", "alpha"] }, default)).Value;
        Assert.Equal(["alpha", "beta", "vip", "ärzte"], again.Tags);

        var untouched = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Subscribers.UpdateAsync(made.Id, new SubscriberChanges { Name = "Ana" }, default)).Value;
        Assert.Equal(4, untouched.Tags.Count);
        var replaced = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Subscribers.UpdateAsync(made.Id, new SubscriberChanges { Tags = ["x"] }, default)).Value;
        Assert.Equal(["x"], replaced.Tags);
        var none = Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Subscribers.UpdateAsync(made.Id, new SubscriberChanges { Tags = [] }, default)).Value;
        Assert.Empty(none.Tags);
    }

    [Theory]
    [InlineData("a,b", "comma")]
    [InlineData(" ", "at least one")]
    [InlineData("a\nb", "line break")]
    [InlineData(null, "at least one")]
    public async Task WhatIsNoTagIsRefused(string? tag, string words)
    {
        var problem = Assert.Single(Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Tags = [tag] }, default)).Problems);

        Assert.Equal("tags", problem.Field);
        Assert.Contains(words, problem.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AHundredTagsAreTheLimitHoweverTheyCome()
    {
        string[] many = [.. Enumerable.Range(0, 60).Select(number => $"t{number}")];
        await CreateAsync(many);

        Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Tags = [.. many.Select(tag => "x" + tag)] }, default));
        Assert.Equal(60, (await ReadAsync("ana@example.com")).Tags.Count);
    }

    private async Task<Subscriber> CreateAsync(params string[] tags) =>
        Assert.IsType<AudienceOutcome<Subscriber>.Created>(
            await Subscribers.CreateAsync(new SubscriberDraft { Email = "ana@example.com", Tags = tags }, default)).Value;
}
