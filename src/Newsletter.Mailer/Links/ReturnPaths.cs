using System.Net.Mail;

namespace Newsletter.Mailer.Links;

/// <summary>
/// Where mail that can't be delivered comes back to: an address of its own for every delivery, <c>bounce+token@domain</c>, so that a
/// report tells what it speaks of even where it quotes nothing.
/// </summary>
public sealed class ReturnPaths
{
    /// <summary>Longest local part, token included (RFC 5321 §4.5.3.1.1 allows 64; some servers cut earlier).</summary>
    public const int LongestLocalPart = 50;

    private readonly string _before;
    private readonly string _domain;

    private ReturnPaths(string local, string domain) => (_before, _domain) = ($"{local}+", $"@{domain}");

    /// <summary>Reads the configured address.</summary>
    /// <returns>Null, or what is wrong and what to do.</returns>
    public static string? TryCreate(string address, out ReturnPaths? paths)
    {
        paths = null;
        if (!MailAddress.TryCreate(address, out var parsed) || parsed.Address != address || !System.Text.Ascii.IsValid(address) || address.Contains('"', StringComparison.Ordinal))
            return $"'{address}' is no plain address: write it as in bounce@news.example.com, a domain with other letters in punycode.";
        if (parsed.User.Contains('+', StringComparison.Ordinal) || parsed.User.Length + 1 + DeliveryToken.MaxLength > LongestLocalPart)
            return $"'{address}' leaves no room for what is put behind it: at most {LongestLocalPart - 1 - DeliveryToken.MaxLength} characters before the @, and no +.";
        paths = new ReturnPaths(parsed.User.ToLowerInvariant(), parsed.Host.ToLowerInvariant());
        return null;
    }

    /// <summary>What stands before a token in an address.</summary>
    public string Before => _before;

    /// <summary>What stands behind it.</summary>
    public string Behind => _domain;

    /// <summary>The address for a delivery's token.</summary>
    public string For(string token) => string.Concat(_before, token, _domain);

    /// <summary>The delivery that an address speaks of; null where it is none of ours. Case doesn't matter.</summary>
    /// <param name="ring">Verifies it.</param>
    /// <param name="address">Any address.</param>
    /// <param name="purpose">What the address is for: a report of the delivery, or its reader's leaving.</param>
    public DeliveryToken? Read(KeyRing ring, string address, LinkPurpose purpose = LinkPurpose.Delivery) =>
        address.Length > _before.Length + _domain.Length
        && address.StartsWith(_before, StringComparison.OrdinalIgnoreCase) && address.EndsWith(_domain, StringComparison.OrdinalIgnoreCase)
            ? DeliveryToken.Verify(ring, address.AsSpan(_before.Length, address.Length - _before.Length - _domain.Length), purpose)
            : null;
}

/// <summary>Where mails of readers who leave are read, which goes into what is frozen from now on.</summary>
/// <param name="Paths">Null where no mailbox is read.</param>
public sealed record LeaveAddresses(ReturnPaths? Paths);
