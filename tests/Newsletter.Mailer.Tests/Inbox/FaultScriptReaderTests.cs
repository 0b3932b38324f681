using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class FaultScriptReaderTests
{
    [Theory]
    [InlineData("at rcpt share 0.3 first 1 per recipient reply 450 4.2.1 Greylisted")]
    [InlineData("at rcpt to *@example.com reply 550 5.1.1 No such user")]
    [InlineData("at dot named kept after 10 every 400 first 3 keep drop")]
    [InlineData("at dot lose reply 250 Ok")]
    [InlineData("at body bytes 2000 pace 50us reset")]
    [InlineData("at body bytes 10 wait 1.5s close 421 4.3.2 Gone", "at body bytes 10 wait 1500ms close 421 4.3.2 Gone")]
    [InlineData("at connect connection 1,4-6,*/8,20- tarpit 20ms", "at connect connection 1,4-6,*/8,20- pace 20ms answer")]
    [InlineData("at mail message 100- turn 51- reply 421 4.7.0 Enough")]
    [InlineData("at mail from <> close 553 5.1.8 Nobody")]
    [InlineData("at any after 5 per connection silence")]
    [InlineData("at quit delay 10m", "at quit wait 10m answer")]
    [InlineData("at noop close")]
    [InlineData("at ehlo reply 250 inbox.test\\nSIZE 1000\\n8BITMIME")]
    [InlineData("at rset reply 250 \"\"")]
    [InlineData("at other reply 500 \" a \\\\ and a \\\" \"")]
    [InlineData("at rcpt named \"two words\" to \"a b@example.com\" reply 550 \"\\\"quoted\\\"\"")]
    [InlineData("\t at  rcpt\treply   550   five  spaces ", "at rcpt reply 550 five  spaces")]
    [InlineData("at rcpt per recipient first 2 to a@example.com drop", "at rcpt to a@example.com first 2 per recipient drop")]
    [InlineData("at rcpt first 1 per inbox drop", "at rcpt first 1 drop")]
    [InlineData("at starttls wait 90s reply 454 4.7.0 No TLS now")]
    [InlineData("at auth wait 1h reset")]
    [InlineData("at chunk share 0.00001 drop")]
    public void ALineIsWrittenAsItIsRead(string text, string? settled = null)
    {
        var line = Assert.Single(PlanOf(text).Lines);
        Assert.Equal(settled ?? text, line.ToString());
        Assert.Equal(line, Assert.Single(PlanOf(line.ToString()).Lines));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void WhateverIsWrittenIsReadBack(int seed)
    {
        var random = new Random(seed);
        for (var i = 0; i < 500; i++)
        {
            var line = SomeLine(random);
            var plan = PlanOf(line.ToString());

            Assert.Equal(line, Assert.Single(plan.Lines));
            Assert.Equal(plan.ToString(), PlanOf(plan.ToString()).ToString());
        }
    }

    [Theory]
    [InlineData("rcpt drop", 1, "Expected 'at' and a moment, found 'rcpt'.")]
    [InlineData("at", 3, "Expected a moment: one of any, connect")]
    [InlineData("at rctp drop", 4, "other; found 'rctp'.")]
    [InlineData("at rcpt", 8, "Expected what is to happen (reply, close")]
    [InlineData("at rcpt first 1   ", 16, "found the end of the line.")]
    [InlineData("at rcpt explode", 9, "Expected a condition (named, connection")]
    [InlineData("at rcpt \"drop\"", 9, "found 'drop'.")]
    [InlineData("at rcpt drop now", 14, "Expected the end of the line after the action, found 'now'.")]
    [InlineData("at rcpt delay 2s 3s", 18, "Expected the end of the line after the action, found '3s'.")]
    [InlineData("at rcpt first 1 first 2 drop", 17, "Expected each condition once, found a second 'first'.")]
    [InlineData("at dot keep lose drop", 13, "keep and lose exclude each other")]
    [InlineData("at rcpt wait 1s delay 2s", 17, "found a second 'wait'")]
    [InlineData("at rcpt pace 1s tarpit 2s", 17, "found a second 'pace'")]
    [InlineData("at rcpt connection", 19, "Expected numbers such as 3, 3-5, 3- or */8, parted by commas, found the end of the line.")]
    [InlineData("at rcpt connection 0 drop", 20, "found '0'.")]
    [InlineData("at rcpt connection 5-3 drop", 20, "found '5-3'.")]
    [InlineData("at rcpt message 1,,2 drop", 17, "found '1,,2'.")]
    [InlineData("at rcpt turn */x drop", 14, "found '*/x'.")]
    [InlineData("at rcpt turn -3 drop", 14, "found '-3'.")]
    [InlineData("at rcpt turn 99999999999 drop", 14, "found '99999999999'.")]
    [InlineData("at rcpt share 1.5 drop", 15, "Expected a share from 0 to 1, such as 0.3; found '1.5'.")]
    [InlineData("at rcpt share", 14, "Expected a share from 0 to 1")]
    [InlineData("at rcpt share 30% drop", 15, "found '30%'.")]
    [InlineData("at rcpt to \"\" drop", 12, "Expected an address")]
    [InlineData("at rcpt from", 13, "Expected an address")]
    [InlineData("at rcpt named", 14, "Expected a name, found the end of the line.")]
    [InlineData("at rcpt first 0 drop", 15, "Expected a whole number from 1, found '0'.")]
    [InlineData("at rcpt every x drop", 15, "Expected a whole number from 1, found 'x'.")]
    [InlineData("at rcpt after -1 drop", 15, "Expected a whole number from 0, found '-1'.")]
    [InlineData("at rcpt after 3000000000 drop", 15, "Expected a whole number from 0 to 2147483647, found '3000000000'.")]
    [InlineData("at rcpt first 1 per reader drop", 21, "Expected inbox, connection or recipient, found 'reader'.")]
    [InlineData("at rcpt first 1 per", 20, "Expected inbox, connection or recipient, found the end of the line.")]
    [InlineData("at rcpt per recipient drop", 9, "Expected first, every or after with 'per'")]
    [InlineData("at rcpt wait soon drop", 14, "Expected a time such as 250ms")]
    [InlineData("at rcpt wait 2days drop", 14, "found '2days'.")]
    [InlineData("at rcpt wait 25h drop", 14, "a day at most")]
    [InlineData("at rcpt wait 1.2.3s drop", 14, "found '1.2.3s'.")]
    [InlineData("at rcpt delay", 14, "Expected a time")]
    [InlineData("at rcpt reply", 14, "Expected a reply code from 200 to 599, found the end of the line.")]
    [InlineData("at rcpt reply 199 No", 15, "found '199'.")]
    [InlineData("at rcpt reply 0450 No", 15, "found '0450'.")]
    [InlineData("at rcpt reply 450", 18, "Expected the reply's text after its code")]
    [InlineData("at rcpt reply 450 Später", 19, "printable ASCII (RFC 5321 §4.2), found 'ä' in it.")]
    [InlineData("at rcpt reply 450 a\tb", 19, "found a tab in it.")]
    [InlineData("at rcpt reply 450 a\\tb", 20, "Expected \\n, \\\\ or \\\" after a backslash.")]
    [InlineData("at rcpt reply 450 \"open", 19, "Expected a closing quote before the end of the line.")]
    [InlineData("at rcpt reply 450 \"a\" b", 23, "Expected nothing after the closing quote, found 'b'.")]
    [InlineData("at rcpt named \"a\"b drop", 18, "Expected a space after the closing quote, found 'b'.")]
    [InlineData("at connect to a@example.com drop", 12, "Expected no 'to' at connect: no recipient is known then.")]
    [InlineData("at mail share 0.5 drop", 9, "Expected no 'share' at mail: no recipient is known then.")]
    [InlineData("at ehlo message 3 drop", 9, "Expected no 'message' at ehlo: no message is known then.")]
    [InlineData("at rset turn 3 drop", 9, "Expected no 'turn' at rset: no message is known then.")]
    [InlineData("at auth from <> drop", 9, "Expected no 'from' at auth: no message is known then.")]
    [InlineData("at mail first 1 per recipient drop", 17, "Expected no 'per recipient' at mail: no recipient is known then.")]
    [InlineData("at rcpt bytes 10 drop", 9, "Expected 'bytes' at body only, found it at rcpt.")]
    [InlineData("at rcpt keep drop", 9, "Expected 'keep' or 'lose' at dot or any only, found it at rcpt.")]
    [InlineData("at body close", 14, "Expected a reply code from 200 to 599 after 'close' at body")]
    [InlineData("at rcpt \u0007 drop", 9, "Expected text, found a control character.")]
    public void AnErrorNamesLineColumnAndWhatWasExpected(string wrong, int column, string says)
    {
        var refused = Assert.IsType<FaultScriptOutcome.Refused>(FaultScriptReader.Read($"# A comment.\n\n{wrong}\nat rcpt drop\n"));

        var error = Assert.Single(refused.Errors);
        Assert.Equal((3, column), (error.Line, error.Column));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryWrongLineIsTold()
    {
        var refused = Assert.IsType<FaultScriptOutcome.Refused>(FaultScriptReader.Read("at\r\nat rcpt drop\r\nat dot\r\n"));

        Assert.Equal([1, 3], refused.Errors.Select(error => error.Line));
    }

    [Fact]
    public void AScriptHasLimits()
    {
        var rules = string.Concat(Enumerable.Repeat("at rcpt drop\n", FaultScriptReader.MaxRules));

        Assert.Equal(FaultScriptReader.MaxRules, PlanOf(rules).Lines.Count);
        var tooMany = Assert.IsType<FaultScriptOutcome.Refused>(FaultScriptReader.Read(rules + "at rcpt drop"));
        Assert.Equal(FaultScriptReader.MaxRules + 1, Assert.Single(tooMany.Errors).Line);
        var tooLong = Assert.IsType<FaultScriptOutcome.Refused>(FaultScriptReader.Read(new string('#', FaultScriptReader.MaxLength + 1)));
        Assert.Contains("at most 262144 characters", Assert.Single(tooLong.Errors).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void NothingIsAScriptToo() => Assert.Empty(PlanOf("\uFEFF\n  # nothing\n").ToScript().Rules);

    [Fact]
    public void ARuleSaysWhatTheBuilderWouldSay()
    {
        var read = PlanOf("""
            at rcpt named grey share 0.3 first 1 per recipient reply 450 4.2.1 Greylisted
            at dot after 10 every 400 keep wait 2s drop
            at body bytes 2000 pace 5ms reset
            at mail turn 3- close 421 4.7.0 Enough
            at any silence
            """).ToScript().Rules;
        var built = FaultScript.None
            .At(FaultPoint.Rcpt).Named("grey").ToShareOfRecipients(0.3).First(1, FaultScope.Recipient).Reply(450, "4.2.1 Greylisted")
            .At(FaultPoint.EndOfData).After(10).Every(400).KeepingMessage().Wait(TimeSpan.FromSeconds(2)).Drop()
            .At(FaultPoint.Body).AfterBytes(2000).Pace(TimeSpan.FromMilliseconds(5)).Reset()
            .At(FaultPoint.Mail).OnMessagesOfConnection(n => n >= 3).ReplyAndClose(421, "4.7.0 Enough")
            .At(FaultPoint.Any).GoSilent().Rules;

        Assert.Equal(built.Select(Plain), read.Select(Plain));
        Assert.All(Enumerable.Range(0, 100).Select(n => $"r{n}@example.com"), to => Assert.Equal(built[0].Recipient!(to), read[0].Recipient!(to)));
        Assert.All(Enumerable.Range(1, 5), n => Assert.Equal(built[3].MessageOfConnection!(n), read[3].MessageOfConnection!(n)));

        static FaultRule Plain(FaultRule rule) => rule with { Connection = null, Message = null, MessageOfConnection = null, Sender = null, Recipient = null };
    }

    [Theory]
    [InlineData("3", new[] { 3 })]
    [InlineData("3-5,9", new[] { 3, 4, 5, 9 })]
    [InlineData("8-", new[] { 8, 9, 10, 11, 12 })]
    [InlineData("*/4,1", new[] { 1, 4, 8, 12 })]
    public void NumbersAreThoseThatAreNamed(string text, int[] numbers) =>
        Assert.Equal(numbers, Enumerable.Range(1, 12).Where(NumberSet.Parse(text)!.Contains));

    [Theory]
    [InlineData("*@example.com", "Ana@EXAMPLE.com", true)]
    [InlineData("*@example.com", "ana@example.org", false)]
    [InlineData("a?a@example.com", "ana@example.com", false)]
    [InlineData("a?a@example.com", "a?a@example.com", true)]
    [InlineData("ana+*@example.com", "ana+news@example.com", true)]
    [InlineData("<>", "", true)]
    [InlineData("<>", "ana@example.com", false)]
    [InlineData("*", "", true)]
    [InlineData("ana", "an", false)]
    [InlineData("a*b*c@*", "abbc@x", true)]
    [InlineData("a*b*c@*", "acb@x", false)]
    [InlineData("*a", "aab", false)]
    [InlineData("*a", "abaa", true)]
    public void AStarStandsForAnyCharacters(string pattern, string address, bool matches)
    {
        var rule = PlanOf($"at rcpt from {pattern} drop").ToScript().Rules[0];

        Assert.Equal(matches, rule.Sender!(address));
    }

    [Fact]
    public async Task AShareOfADomainIsPlayedAndCountedByItsPlace()
    {
        var plan = PlanOf("at rcpt named same share 0.5 to *@example.com reply 550 5.1.1 Gone\nat rcpt named same share 0.5 to *@example.org reply 551 5.1.6 Moved\n");
        await using var inbox = await Inboxes.StartAsync(plan.ToCountedScript());
        await using var client = await SmtpConversation.GreetAsync(inbox);
        await client.SayAsync("MAIL FROM:<news@example.com>");
        var replies = new List<string>();
        foreach (var domain in new[] { "example.com", "example.org", "example.net" })
        {
            for (var n = 1; n <= 20; n++)
                replies.Add($"{domain} {(await client.SayAsync($"RCPT TO:<reader{n}@{domain}>"))[..3]}");
        }

        var gone = replies.Count(reply => reply == "example.com 550");
        var moved = replies.Count(reply => reply == "example.org 551");
        Assert.InRange(gone, 3, 17);
        Assert.InRange(moved, 3, 17);
        Assert.Equal(60 - gone - moved, replies.Count(reply => reply.EndsWith("250", StringComparison.Ordinal)));
        Assert.Equal((gone, moved), (inbox.TimesFired(FaultPlan.CounterOf(0)), inbox.TimesFired(FaultPlan.CounterOf(1))));
    }

    [Theory]
    [InlineData("at dot keep drop", true)]
    [InlineData("at dot keep silence", true)]
    [InlineData("at any keep reply 451 4.3.0 No", true)]
    [InlineData("at dot keep reply 250 2.0.0 Ok", false)]
    [InlineData("at dot drop", false)]
    [InlineData("at dot lose drop", false)]
    public void ARuleTellsWhetherItMakesCopies(string line, bool hides) => Assert.Equal(hides, PlanOf(line).Lines[0].HidesAnAcceptance);

    private static FaultPlan PlanOf(string text)
    {
        var outcome = FaultScriptReader.Read(text);
        return outcome is FaultScriptOutcome.Read(var plan)
            ? plan
            : throw new InvalidOperationException($"{text}: {string.Join(" ", ((FaultScriptOutcome.Refused)outcome).Errors)}");
    }

    private static FaultLine SomeLine(Random random)
    {
        T? Perhaps<T>(Func<T> some) => random.Next(2) == 0 ? some() : default;
        T OneOf<T>(params T[] all) => all[random.Next(all.Length)];
        int? Number(int from) => Perhaps<int?>(() => random.Next(from, OneOf(10, 1_000_000)));
        NumberSet? Numbers() => Perhaps(() => NumberSet.Parse(OneOf("1", "2-9", "7-", "*/3", "1,2,*/500"))!);
        TimeSpan Time() => new(OneOf(0, random.NextInt64(TimeSpan.TicksPerDay), TimeSpan.TicksPerSecond, 15 * TimeSpan.TicksPerMinute, 1));
        var point = OneOf(FaultPoint.Rcpt, FaultPoint.Data, FaultPoint.Chunk, FaultPoint.Body, FaultPoint.EndOfData, FaultPoint.Any);
        var (after, every, first) = (Number(0), Number(1), Number(1));
        var ending = OneOf(Enum.GetValues<FaultEnding>());
        var reply = new InboxReply(random.Next(200, 600), OneOf("", "4.2.1 Later", "two\nlines", "a \\ b", "\"q\"", " blank ", "# no comment", "ends with \\"));
        return new FaultLine
        {
            Point = point,
            Name = Perhaps(() => OneOf("grey", "two words", "", "\"", "a\\b", "a\nb", "#1")),
            Connections = Numbers(),
            Messages = Numbers(),
            Turns = Numbers(),
            Sender = Perhaps(() => OneOf("<>", "*@example.com", "a b@example.com")),
            Recipient = Perhaps(() => OneOf("ana@example.com", "*", "q\"@example.com")),
            Share = Perhaps<double?>(() => Math.Round(random.NextDouble(), 4)),
            After = after,
            Every = every,
            First = first,
            Scope = (after ?? every ?? first) is null ? FaultScope.Inbox : OneOf(Enum.GetValues<FaultScope>()),
            Bytes = point == FaultPoint.Body ? random.Next(100_000) : null,
            Keep = point is FaultPoint.EndOfData or FaultPoint.Any ? OneOf(true, false, default(bool?)) : null,
            Wait = Time(),
            Pace = Time(),
            Reply = ending switch
            {
                FaultEnding.None => OneOf(null, reply),
                FaultEnding.Close => point == FaultPoint.Body ? reply : OneOf(null, reply),
                _ => null,
            },
            Ending = ending,
        };
    }
}
