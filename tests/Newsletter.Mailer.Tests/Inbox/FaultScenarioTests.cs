using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class FaultScenarioTests
{
    public static TheoryData<string> Names => [.. FaultScenario.All.Select(scenario => scenario.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryScenarioIsAScriptThatSaysWhatItIs(string name)
    {
        var scenario = FaultScenario.Find(name.ToUpperInvariant())!;

        Assert.Equal(name, scenario.Name);
        Assert.Equal(name == "none" ? 0 : 1, Math.Sign(scenario.Plan.Lines.Count));
        Assert.StartsWith("# ", scenario.Text, StringComparison.Ordinal);
        Assert.EndsWith("\n", scenario.Text, StringComparison.Ordinal);
        Assert.EndsWith(".", scenario.Summary, StringComparison.Ordinal);
        Assert.All(scenario.Text.Split('\n'), line => Assert.True(line.Length <= 120, line));
    }

    [Fact]
    public void NamesAreUnique() => Assert.Equal(FaultScenario.All.Count, FaultScenario.All.DistinctBy(scenario => scenario.Name).Count());

    [Fact]
    public void AnotherNameIsNoScenario() => Assert.Null(FaultScenario.Find("grey"));

    [Fact]
    public void TheReferenceNamesEveryWordAndItsExamplesAreRules()
    {
        var words = FaultLanguage.Reference.Split([' ', '\n', ',', '|', ':'], StringSplitOptions.RemoveEmptyEntries).ToHashSet(StringComparer.Ordinal);
        string[] language =
        [
            "any", "connect", "ehlo", "starttls", "auth", "mail", "rcpt", "data", "chunk", "body", "dot", "rset", "noop", "quit", "other",
            "named", "connection", "message", "turn", "from", "to", "share", "after", "every", "first", "per", "bytes", "keep", "lose", "wait", "pace",
            "reply", "close", "answer", "delay", "tarpit", "drop", "reset", "silence",
        ];

        Assert.All(language, word => Assert.Contains(word, words));
        var examples = FaultLanguage.Reference[FaultLanguage.Reference.IndexOf("Examples\n", StringComparison.Ordinal)..]["Examples\n".Length..];
        Assert.Equal(3, Assert.IsType<FaultScriptOutcome.Read>(FaultScriptReader.Read(examples)).Plan.Lines.Count);
        Assert.All(FaultLanguage.Reference.Split('\n'), line => Assert.True(line.Length <= 110, line));
    }

    [Fact]
    public async Task GreylistingPutsOffTheFirstTryOfSome()
    {
        await using var inbox = await Inboxes.StartAsync(FaultScenario.Find("greylisting")!.Plan.ToScript());
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        var first = new List<string>();
        var second = new List<string>();
        for (var n = 0; n < 40; n++)
        {
            first.Add(await client.SayAsync($"RCPT TO:<reader{n}@example.com>"));
            second.Add(await client.SayAsync($"RCPT TO:<reader{n}@example.com>"));
        }

        Assert.InRange(first.Count(reply => reply.StartsWith("450", StringComparison.Ordinal)), 4, 25);
        Assert.All(second, reply => Assert.StartsWith("250", reply, StringComparison.Ordinal));
    }
}
