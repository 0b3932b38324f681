using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MailKit.Net.Smtp;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Smtp;

/// <summary>Connects to a relay as if to send, logs in, and tells what it met.</summary>
public sealed class RelayProbe(SmtpTransport transport)
{
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled.</exception>
    public async Task<RelayProbed> ProbeAsync(Relay relay, CancellationToken stop)
    {
        X509Certificate2? certificate = null;
        var opened = await transport.OpenAsync(relay, stop, seen => certificate = X509CertificateLoader.LoadCertificate(seen.GetRawCertData()));
        using var shown = certificate;
        if (opened.Session is not { } session)
            return new RelayProbed { Problem = opened.Failure is ConnectOutcome.CredentialsRefused refused ? refused.Reason : ((ConnectOutcome.Unavailable)opened.Failure!).Reason, CertificateEnds = shown?.NotAfter };
        await using (session)
            return Told(session, shown);
    }

    private static RelayProbed Told(RelaySession session, X509Certificate2? certificate) => new()
    {
        Tls = session.Tls switch
        {
            null => null,
            SslProtocols.Tls13 => "TLS 1.3",
            SslProtocols.Tls12 => "TLS 1.2",
            var older => older.ToString(),
        },
        IsOldTls = session.Tls is not (null or SslProtocols.Tls12 or SslProtocols.Tls13),
        CertificateEnds = certificate?.NotAfter,
        HeloName = session.HeloName,
        Lacks = [.. new[] { (SmtpCapabilities.EightBitMime, "8BITMIME"), (SmtpCapabilities.Pipelining, "PIPELINING"), (SmtpCapabilities.EnhancedStatusCodes, "ENHANCEDSTATUSCODES"), (SmtpCapabilities.Dsn, "DSN"), (SmtpCapabilities.UTF8, "SMTPUTF8") }
            .Where(one => !session.Offers(one.Item1)).Select(one => one.Item2)],
    };
}

/// <summary>What a relay said and showed.</summary>
public sealed record RelayProbed
{
    /// <summary>Why it can't be sent through; null: it can.</summary>
    public string? Problem { get; init; }

    /// <summary>The version, for people; null: the connection is not encrypted.</summary>
    public string? Tls { get; init; }

    /// <summary>Older than TLS 1.2 (RFC 8996).</summary>
    public bool IsOldTls { get; init; }

    /// <summary>Local time; null where it showed none.</summary>
    public DateTime? CertificateEnds { get; init; }

    /// <summary>What we announce in EHLO.</summary>
    public string HeloName { get; init; } = "";

    /// <summary>Extensions that it doesn't offer, of those we use.</summary>
    public IReadOnlyList<string> Lacks { get; init; } = [];
}
