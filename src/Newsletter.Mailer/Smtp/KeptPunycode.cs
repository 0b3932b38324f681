using MimeKit;
using MimeKit.Encodings;

namespace Newsletter.Mailer.Smtp;

/// <summary>
/// MimeKit decodes a punycode domain on parsing an address; MailKit then takes the address for an international one, and
/// where the relay offers SMTPUTF8 asks for it and sends the Unicode domain. Our domains are punycode and stay so (RFC 5891 §4.4):
/// only a non-ASCII local part may need SMTPUTF8. Encoding is left to MimeKit.
/// </summary>
internal sealed class KeptPunycode(IPunycode encoder) : IPunycode
{
    /// <summary>MimeKit's setting is one for the whole process.</summary>
    public static void Install()
    {
        if (MailboxAddress.IdnMapping is not KeptPunycode)
            MailboxAddress.IdnMapping = new KeptPunycode(MailboxAddress.IdnMapping);
    }

    public string Encode(string domain) => encoder.Encode(domain);

    public string Encode(string domain, int index) => encoder.Encode(domain, index);

    public string Encode(string domain, int index, int count) => encoder.Encode(domain, index, count);

    public string Decode(string domain) => domain;

    public string Decode(string domain, int index) => domain[index..];

    public string Decode(string domain, int index, int count) => domain.Substring(index, count);
}
