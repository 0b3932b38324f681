using System.Text;
using MimeKit;
using MimeKit.Cryptography;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Tests.Smtp;
using Org.BouncyCastle.Crypto;

namespace Newsletter.Mailer.Tests.Signing;

/// <summary>Keys, a message to sign, and MimeKit as the one who verifies.</summary>
internal static class Verifying
{
    public static FilledMessage Message(string body = "Hello.\r\n") => Sending.Filled(
        "From: News <news@example.com>\r\nTo: ana@example.net\r\nSubject: Issue\r\n  35\r\nMessage-ID: <1@example.com>\r\nDate: Fri, 05 Sep 2025 08:00:00 +0000\r\n"
        + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nList-Unsubscribe: <https://news.example.com/u>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
        + $"Feedback-ID: 1:tea:issue:nlmailer\r\nPrecedence: bulk\r\n\r\n{body}");

    /// <summary>How many of a message's signatures hold, in their order.</summary>
    public static bool[] Verify(byte[] bytes, params DkimKey[] keys)
    {
        var message = MimeMessage.Load(new MemoryStream(bytes));
        var verifier = new DkimVerifier(new Records(keys));
        verifier.Enable(DkimSignatureAlgorithm.Ed25519Sha256);
        return [.. message.Headers.Where(header => header.Id == HeaderId.DkimSignature).Select(header => verifier.Verify(message, header))];
    }

    public static byte[] Changed(byte[] bytes, string from, string to)
    {
        var text = Encoding.UTF8.GetString(bytes);
        Assert.Contains(from, text, StringComparison.Ordinal);
        return Encoding.UTF8.GetBytes(text.Replace(from, to, StringComparison.Ordinal));
    }

    private sealed class Records(DkimKey[] keys) : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            GetPublicKey(keys.Single(key => key.Domain == domain && key.Selector == selector).Record);

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
