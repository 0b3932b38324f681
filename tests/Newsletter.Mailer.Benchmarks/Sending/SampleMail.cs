using System.Security.Cryptography;
using MimeKit;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What another sender is to send: our own message taken apart, with marks where readers differ.</summary>
/// <param name="Port">Of the sink.</param>
/// <param name="Connections">Of its pool.</param>
/// <param name="Subject">With marks.</param>
/// <param name="Text">With marks.</param>
/// <param name="Html">With marks.</param>
/// <param name="DkimKey">PEM of an RSA key to sign with; null: nothing is signed.</param>
internal sealed record SampleMail(int Port, int Connections, string Subject, string Text, string Html, string? DkimKey)
{
    public static SampleMail Of(CompiledMessage message, int port, int connections, bool dkim)
    {
        var marked = BenchmarkIssue.SomeReader with
        {
            FirstName = "{{first_name}}",
            Attributes = new Dictionary<string, string>(StringComparer.Ordinal) { ["city"] = "{{city}}" },
        };
        using var bytes = new MemoryStream();
        message.Fill(marked).WriteTo(bytes);
        bytes.Position = 0;
        using var mail = MimeMessage.Load(bytes);
        using var rsa = dkim ? RSA.Create(2048) : null;
        return new SampleMail(port, connections, mail.Subject!, mail.TextBody!, mail.HtmlBody!, rsa?.ExportPkcs8PrivateKeyPem());
    }
}
