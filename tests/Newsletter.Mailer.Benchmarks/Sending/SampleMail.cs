using MimeKit;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What another sender is to send: our own message taken apart, with marks where readers differ.</summary>
internal sealed record SampleMail(int Port, int Connections, string Subject, string Text, string Html)
{
    public static SampleMail Of(CompiledMessage message, int port, int connections)
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
        return new SampleMail(port, connections, mail.Subject!, mail.TextBody!, mail.HtmlBody!);
    }
}
