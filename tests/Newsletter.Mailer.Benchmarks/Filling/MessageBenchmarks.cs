using BenchmarkDotNet.Attributes;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Filling;

/// <summary>The steps of a message that run for every reader.</summary>
[MemoryDiagnoser]
public class MessageBenchmarks
{
    private readonly KeyRing _keys = KeyRing.Generate();
    private CompiledMessage _message = null!;
    private SendingIssue _issue = null!;
    private PublicSite _site = null!;

    private readonly PendingDelivery _delivery = new()
    {
        Seq = 123_456,
        SubscriberId = 123_456,
        Variant = 0,
        Attempts = 0,
        Resends = 0,
        DotFaults = 0,
        Address = "reader123456@example.com",
        Name = "Reader123456 Example",
        FirstName = "Reader123456",
        Tier = "free",
        Attributes = """{"city": "Town 456"}""",
    };

    [GlobalSetup]
    public void Setup()
    {
        _message = BenchmarkIssue.Write(new NewsletterProfile
        {
            Id = 1,
            Slug = ReaderList.Newsletter,
            Name = "The Tide Table",
            FromAddress = "letters@tidetable.example.com",
            PostalAddress = "1 Harbour Steps, St Example",
            TimeZone = "Europe/London",
        }).Message;
        _site = new PublicSite(new Uri("https://news.example.com"));
        _issue = new SendingIssue
        {
            Id = 42,
            PartKey = 202_601,
            NewsletterId = 1,
            LinkKey = _keys.ActiveKey,
            Nonce = "0123456789abcdef0123456789abcdef@tidetable.example.com",
            ResendUnknown = true,
            Variants = new Dictionary<short, CompiledMessage> { [0] = _message },
        };
    }

    [Benchmark]
    public FilledMessage Fill() => _message.Fill(BenchmarkIssue.SomeReader);

    [Benchmark]
    public string Sign() => new UnsubscribeToken(1, 123_456, 42).Sign(_keys, _keys.ActiveKey);

    [Benchmark]
    public OutgoingMail Message() => _issue.MessageFor(_delivery, "letters@tidetable.example.com", _keys, _site);

    [Benchmark]
    public string KeepReply() => SmtpText.Kept("2.0.0 Ok: queued as 4F2A1B3C4D", "4F2A1B3C4D");
}
