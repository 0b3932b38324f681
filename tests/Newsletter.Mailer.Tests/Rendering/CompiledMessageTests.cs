using System.Security.Cryptography;
using System.Text;
using FsCheck.Xunit;
using MimeKit;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Tests.Rendering;

public sealed class CompiledMessageTests
{
    private const string FrontMatter = "title: Hello\nsubject: 'Über {{ subscriber.first_name | default: \"you\" }}, hello'";

    private const string Latin = """
        {{ subscriber.first_name | default: "friend" }}, this costs 3 = three.
        .dots and [a link](https://example.com/?n={{ subscriber.first_name | default: "x" }})

        From here {{ subscriber.attributes.city | default: "nowhere" }}
        """;

    private static readonly string Japanese =
        "{{ subscriber.first_name | default: \"friend\" }}さん、" + string.Concat(Enumerable.Repeat("灯台は夜の海で自分の名前を告げる。", 400))
        + "{{ subscriber.attributes.city | default: \"どこか\" }}へ、{{ subscriber.first_name | default: \"x\" }}{{ subscriber.address }}。";

    private static readonly CompiledMessage Quoted = Rendered.Compile(Latin, FrontMatter);
    private static readonly RenderedEdition QuotedEdition = Rendered.Body(Latin, FrontMatter);
    private static readonly CompiledMessage Base64 = Rendered.Compile(Japanese, FrontMatter);
    private static readonly RenderedEdition Base64Edition = Rendered.Body(Japanese, FrontMatter);

    public static TheoryData<string?> Values => new(
        "Ana", "Łukasz Żółć", "José", "王小明", "محمد بن سلمان", "👩‍👩‍👧‍👦 Ana 🌊", "", null, " ", new string('a', 10_000), new string('王', 10_000),
        string.Concat(Enumerable.Repeat("word and ", 1200)), ".", ".dot", "..", "From ", "From me", "a\r\nBcc: x@example.com", "a=b==", "tab\tand  blanks",
        "\"quoted\" \\ back", "a, b; c <d@example.com>", "trailing ", "\0nul\u202E", "\uD800lone", "&amp;<b>", "{{ x }}", "%41", "a\u00A0b", "!#$%&'*+-/=?^_`{|}~");

    [Theory]
    [MemberData(nameof(Values))]
    public void SplicedBytesParseBackToWhatAPlainMessageGives(string? value)
    {
        AssertSameAsPlain(Quoted, QuotedEdition, Reader(value));
        AssertSameAsPlain(Base64, Base64Edition, Reader(value));
    }

    [Theory]
    [InlineData("\"quoted part\"@example.net")]
    [InlineData("\"a<b>c\"@example.net")]
    public void AnAddressInQuotationMarksIsWrittenTo(string address) =>
        Assert.Equal(address, Rendered.Parse(Quoted.Fill(Reader("Ana") with { Address = address })).To.Mailboxes.Single().Address);

    [Fact]
    public void AValueThatLooksEncodedStaysAsItIs()
    {
        var message = Rendered.Parse(Quoted.Fill(Reader("=?utf-8?q?a?=")));

        Assert.Equal("=?utf-8?q?a?=", message.To.Mailboxes.Single().Name);
        Assert.Equal("Über =?utf-8?q?a?=, hello", message.Subject);
    }

    [Property(MaxTest = 150)]
    public void AnyValueParsesBack(string? first, string? name, string? city)
    {
        var reader = Reader(first) with { Name = name, Attributes = new Dictionary<string, string> { ["city"] = city ?? "" } };

        AssertSameAsPlain(Quoted, QuotedEdition, reader);
        AssertSameAsPlain(Base64, Base64Edition, reader);
    }

    [Fact]
    public void APartThatIsMostlyNotAsciiGoesAsBase64()
    {
        Assert.All(Parts(Quoted), part => Assert.Equal(ContentEncoding.QuotedPrintable, part.ContentTransferEncoding));
        Assert.All(Parts(Base64), part => Assert.Equal(ContentEncoding.Base64, part.ContentTransferEncoding));

        static IEnumerable<MimePart> Parts(CompiledMessage message) => Rendered.Parse(message.Fill(Rendered.Ana)).BodyParts.Cast<MimePart>();
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void EveryLineIsShortAndEndsInCrLf(string? value)
    {
        foreach (var message in new[] { Quoted, Base64 })
        {
            var filled = message.Fill(Reader(value));
            var bytes = Encoding.Latin1.GetString(Rendered.Bytes(filled));
            var body = bytes[(bytes.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];

            Assert.Equal(bytes, bytes.ReplaceLineEndings("\r\n"));
            Assert.All(bytes.Split("\r\n"), line => Assert.True(line.Length <= 998));
            Assert.All(body.Split("\r\n"), line => Assert.True(line.Length <= 76));
            Assert.All(bytes.Split("\r\n"), line => Assert.False(line.StartsWith('.')));
            Assert.All(body.Split("\r\n"), line => Assert.False(line.StartsWith("From ", StringComparison.Ordinal)));
            Assert.EndsWith("\r\n", bytes, StringComparison.Ordinal);
            Assert.DoesNotContain(bytes, c => c is '\0' or > '\u007E');
        }
    }

    [Theory]
    [MemberData(nameof(Values))]
    public void EveryEncodedWordIsAtMost75Characters(string? value)
    {
        var head = Quoted.Fill(Reader(value)).ReadHeaders().Where(header => header.Name is "To" or "Subject");

        Assert.All(head.SelectMany(header => (header.Name + ":" + Encoding.ASCII.GetString(header.Raw.Span)).Split("\r\n")), line => Assert.True(line.Length <= 78, line));
        Assert.All(head.SelectMany(header => Encoding.ASCII.GetString(header.Raw.Span).Split([' ', '\r', '\n']).Where(word => word.StartsWith("=?", StringComparison.Ordinal))), word => Assert.True(word.Length <= 75, word));
    }

    [Fact]
    public void LengthIsExact()
    {
        var filled = Base64.Fill(Rendered.Ana);

        Assert.Equal(filled.Length, Rendered.Bytes(filled).Length);
        Assert.Equal(filled.Length, filled.Segments.Sum(segment => (long)segment.Length));
    }

    [Fact]
    public async Task WritingAsynchronouslyGivesTheSameBytes()
    {
        var stream = new MemoryStream();
        await Quoted.Fill(Rendered.Ana).WriteToAsync(stream, CancellationToken.None);

        Assert.Equal(Rendered.Bytes(Quoted.Fill(Rendered.Ana)), stream.ToArray());
    }

    [Fact]
    public void TheSameEditionAlwaysGivesTheSameBytes()
    {
        var again = Rendered.Compile(Latin, FrontMatter);

        Assert.Equal(Quoted.ToBytes(), again.ToBytes());
        Assert.Equal(Quoted.Sha256.ToArray(), SHA256.HashData(again.ToBytes()));
        Assert.Equal(Rendered.Bytes(Quoted.Fill(Rendered.Ana)), Rendered.Bytes(again.Fill(Rendered.Ana)));
    }

    [Fact]
    public void WhatWasStoredFillsTheSame()
    {
        foreach (var message in new[] { Quoted, Base64 })
        {
            var stored = CompiledMessage.FromBytes(message.ToBytes());

            Assert.Equal(message.Sha256.ToArray(), stored.Sha256.ToArray());
            Assert.Equal(message.Attributes, stored.Attributes);
            Assert.Equal(Rendered.Bytes(message.Fill(Reader("王"))), Rendered.Bytes(stored.Fill(Reader("王"))));
        }
    }

    [Fact]
    public void TheAttributesThatAReaderMustBringAreNamed() => Assert.Equal(["city"], Quoted.Attributes);

    [Fact]
    public void DamagedBytesAreNamedSo()
    {
        var bytes = Quoted.ToBytes();
        for (var at = 0; at < bytes.Length; at += 97)
        {
            var damaged = bytes.ToArray();
            damaged[at] ^= 0x40;
            Assert.Throws<CompiledMessageException>(() => CompiledMessage.FromBytes(damaged));
        }

        for (var length = 0; length < bytes.Length; length += 131)
            Assert.Throws<CompiledMessageException>(() => CompiledMessage.FromBytes(bytes.AsSpan(0, length)));
    }

    [Fact]
    public void AnotherVersionIsNamedSo()
    {
        var bytes = Quoted.ToBytes();
        bytes[4] = 9;

        Assert.Contains("version 9", Assert.Throws<CompiledMessageException>(() => CompiledMessage.FromBytes(bytes)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ManySendersCanFillAtOnce()
    {
        var expected = Enumerable.Range(0, 50).Select(i => Rendered.Bytes(Base64.Fill(Reader("Ana " + i)))).ToArray();

        Parallel.For(0, 2000, i => Assert.Equal(expected[i % 50], Rendered.Bytes(Base64.Fill(Reader("Ana " + (i % 50))))));
    }

    [Fact]
    public void StaticSegmentsAreSharedAndNothingLargeIsAllocated()
    {
        Quoted.Fill(Rendered.Ana);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 100; i++)
            Quoted.Fill(Rendered.Ana);
        var perReader = (GC.GetAllocatedBytesForCurrentThread() - before) / 100;

        Assert.True(perReader < 16_000, $"{perReader} bytes a reader");
        Assert.All(Quoted.Fill(Reader(new string('王', 10_000))).Segments, segment => Assert.True(segment.Length < 85_000));
    }

    [Fact]
    public void AnAddressBeyondAsciiAsksForSmtpUtf8()
    {
        Assert.False(Quoted.Fill(Rendered.Ana).RequiresSmtpUtf8);
        var filled = Quoted.Fill(Rendered.Ana with { Address = "müller@example.net" });

        Assert.True(filled.RequiresSmtpUtf8);
        Assert.Equal("müller@example.net", Rendered.Parse(filled).To.Mailboxes.Single().Address);
    }

    [Fact]
    public void ADomainBeyondAsciiGoesOutInPunycode() =>
        Assert.Contains("To: Ana Lima <ana@xn--bcher-kva.example>", Rendered.Lines(Quoted.Fill(Rendered.Ana with { Address = "ana@bücher.example" })));

    [Theory]
    [InlineData("1@example.com>\r\nBcc: x@example.com")]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("ü@example.com")]
    public void AMessageIdThatForgesAHeaderIsRefused(string id) => Assert.Throws<ArgumentException>(() => Quoted.Fill(Rendered.Ana with { MessageId = id }));

    [Theory]
    [InlineData("ana@example.net\r\nBcc: x@example.com")]
    [InlineData("ana")]
    [InlineData("a b@example.net")]
    [InlineData("a@example.net>,<b@example.net")]
    public void AnAddressThatForgesAHeaderIsRefused(string address) => Assert.Throws<ArgumentException>(() => Quoted.Fill(Rendered.Ana with { Address = address }));

    private static Recipient Reader(string? value) => Rendered.Ana with
    {
        Name = value,
        FirstName = value,
        Attributes = new Dictionary<string, string> { ["city"] = value ?? "" },
    };

    private static void AssertSameAsPlain(CompiledMessage compiled, RenderedEdition edition, Recipient reader)
    {
        var plain = Plain(edition, reader);
        var spliced = Rendered.Parse(compiled.Fill(reader));

        Assert.Equal(plain.Subject, spliced.Subject);
        Assert.Equal(plain.To.Mailboxes.Select(to => (to.Name ?? "", to.Address)), spliced.To.Mailboxes.Select(to => (to.Name ?? "", to.Address)));
        Assert.Equal(plain.MessageId, spliced.MessageId);
        Assert.Equal(Lines(plain.TextBody), Lines(Rendered.SentText(spliced)));
        Assert.Equal(Lines(plain.HtmlBody), Lines(spliced.HtmlBody));
        Assert.Equal(Lines(edition.FillHtml(reader)), Lines(spliced.HtmlBody));
        Assert.Equal(Lines(edition.VariantFor(reader).SentText.Template.Fill(reader)), Lines(Rendered.SentText(spliced)));
    }

    // What a program that knows nothing of slots would have sent, over its own encoder and back.
    private static MimeMessage Plain(RenderedEdition edition, Recipient reader)
    {
        var message = new MimeMessage
        {
            Subject = edition.FillSubject(reader),
            MessageId = reader.MessageId,
            Body = new MultipartAlternative
            {
                new TextPart("plain") { Text = edition.VariantFor(reader).SentText.Template.Fill(reader) },
                new TextPart("html") { Text = edition.FillHtml(reader) },
            },
        };
        var name = UnsafeCharacters.Strip(reader.Name ?? "").Trim();
        message.To.Add(new MailboxAddress(name, reader.Address));
        var stream = new MemoryStream();
        message.WriteTo(stream);
        stream.Position = 0;
        return MimeMessage.Load(stream);
    }

    private static string Lines(string? text) => (text ?? "").ReplaceLineEndings("\n").TrimEnd('\n');
}
