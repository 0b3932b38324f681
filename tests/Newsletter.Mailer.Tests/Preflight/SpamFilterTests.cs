using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Preflight.Spam;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Tests.Preflight;

public sealed class SpamFilterTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("spam");

    public void Dispose() => _folder.Delete(recursive: true);

    // What no sender can mend: that nobody relayed it (it is asked before it leaves), and that its key isn't published for the test's domain.
    private static readonly string[] s_notOurs = ["NO_RECEIVED", "NO_RELAYS", "HTML_MESSAGE", "DKIM_INVALID", "T_DKIM_INVALID", "DKIM_SIGNED", "MAILING_LIST_MULTI"];

    [Fact]
    [Trait("Category", "SpamFilter")]
    public async Task TheSignedSampleEditionMeetsNoRuleForWhichWeAreToBlame()
    {
        var sample = Sample();
        Assert.StartsWith("DKIM-Signature: ", System.Text.Encoding.ASCII.GetString(sample), StringComparison.Ordinal);

        var scored = Assert.IsType<SpamVerdict.Scored>(await SpamFilter.AskAsync(sample, null, default));

        Assert.Empty(scored.Rules.Where(rule => !s_notOurs.Contains(rule.Name)).Select(rule => $"{rule.Name} {rule.Score}"));
        Assert.True(scored.Score < 1, $"{scored.Score}: {string.Join(", ", scored.Rules)}");
    }

    [Fact]
    [Trait("Category", "SpamFilter")]
    public async Task SpamIsRecognised()
    {
        // The string that every filter knows as spam.
        var spam = "From: a@example.com\r\nTo: b@example.com\r\nSubject: x\r\n\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n"u8.ToArray();

        var scored = Assert.IsType<SpamVerdict.Scored>(await SpamFilter.AskAsync(spam, null, default));

        Assert.True(scored.Score > scored.Limit);
        Assert.Equal("GTUBE", scored.Rules[0].Name);
    }

    [Fact]
    public async Task WithoutAFilterThatIsSaid() => Assert.IsType<SpamVerdict.NoFilter>(await SpamFilter.AskAsync([], _folder.FullName, default));

    [Theory]
    [InlineData("spamassassin", "echo nothing", "without a score")]
    [InlineData("spamassassin", "echo broken >&2; exit 3", "broken")]
    [InlineData("spamassassin", "exit 3", "exit code 3")]
    [InlineData("rspamc", "echo no json", "can't be read")]
    [InlineData("rspamc", "echo refused >&2; exit 1", "refused")]
    public async Task AFilterThatFailsIsQuoted(string program, string does, string words)
    {
        Program(program, does);

        Assert.Contains(words, Assert.IsType<SpamVerdict.Failed>(await SpamFilter.AskAsync(new byte[200_000], _folder.FullName, default)).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RspamdsAnswerIsRead()
    {
        Program("rspamc", """cat >/dev/null; echo '{"score":1.5,"required_score":15,"symbols":{"A":{"name":"A","score":-0.5},"B":{"name":"B","score":2.0}}}'""");

        var scored = Assert.IsType<SpamVerdict.Scored>(await SpamFilter.AskAsync("x"u8.ToArray(), _folder.FullName, default));

        Assert.Equal(("rspamd", 1.5, 15.0, "B", "A"), (scored.Filter, scored.Score, scored.Limit, scored.Rules[0].Name, scored.Rules[1].Name));
    }

    private void Program(string name, string does)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, $"#!/bin/sh\n{does}\n");
        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static byte[] Sample()
    {
        var edition = ((EditionParseOutcome.Read)EditionDocument.Parse(SampleEdition.Source, FrontMatterRules.Edition)).Edition;
        var date = TimeProvider.System.GetUtcNow();
        var rendered = ((RenderOutcome.Rendered)EditionRenderer.Render(new RenderRequest { Edition = edition, Newsletter = SampleEdition.Newsletter, PublicUrl = new Uri("https://news.example.com"), SentAt = date })).Edition;
        var message = MessageCompiler.Compile(rendered.Variants[^1], new IssueHeaders { IssueId = 7, Date = date }).Fill(new Recipient
        {
            Address = "reader@example.net",
            MessageId = "7.1.0123456789ab@tidetable.example.com",
            UnsubscribeUrl = "https://news.example.com/u/token",
        });
        var signer = new DkimSigner("tidetable.example.com", [SigningKey.Create(DkimKeyPair.Rsa, "test", DkimKeyPair.Generate(DkimKeyPair.Rsa).Secret)]);
        using var headers = new MemoryStream();
        for (var i = 0; i < message.HeaderSegments; i++)
            headers.Write(message.Segments[i].Span);
        var block = headers.ToArray();
        using var whole = new MemoryStream();
        whole.Write(signer.Sign(message, block, HeaderFields.Of(block)));
        message.WriteTo(whole);
        return whole.ToArray();
    }
}
