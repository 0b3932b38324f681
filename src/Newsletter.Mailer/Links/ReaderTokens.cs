using System.Text;

namespace Newsletter.Mailer.Links;

/// <summary>Which sign-up a confirmation's link speaks of.</summary>
public sealed record ConfirmToken(long SignUpId)
{
    /// <summary>The token; the same input gives the same token for as long as the key is kept.</summary>
    public string Sign(KeyRing ring, string keyId) => IdToken.Sign(ring, keyId, LinkPurpose.Confirm, SignUpId);

    /// <summary>Null for a token that isn't ours, or not of this purpose.</summary>
    public static ConfirmToken? Verify(KeyRing ring, string? token) =>
        IdToken.Verify(ring, LinkPurpose.Confirm, token) is { } id ? new ConfirmToken(id) : null;
}

/// <summary>Whose preferences a link opens.</summary>
public sealed record PreferencesToken(long SubscriberId)
{
    /// <inheritdoc cref="ConfirmToken.Sign"/>
    public string Sign(KeyRing ring, string keyId) => IdToken.Sign(ring, keyId, LinkPurpose.Preferences, SubscriberId);

    /// <inheritdoc cref="ConfirmToken.Verify"/>
    public static PreferencesToken? Verify(KeyRing ring, string? token) =>
        IdToken.Verify(ring, LinkPurpose.Preferences, token) is { } id ? new PreferencesToken(id) : null;
}

/// <summary>A sign-up form as a reader saw it: of which newsletter, when, where, and in which language. Nobody can claim to have seen it earlier.</summary>
/// <param name="NewsletterId">Row id.</param>
/// <param name="ShownAt">To the millisecond.</param>
/// <param name="Form"><c>page</c>, <c>embed</c> or <c>api</c>.</param>
/// <param name="Language">A language of the pages.</param>
public sealed record FormToken(long NewsletterId, DateTimeOffset ShownAt, string Form, string Language)
{
    /// <inheritdoc cref="ConfirmToken.Sign"/>
    public string Sign(KeyRing ring, string keyId)
    {
        var words = Encoding.ASCII.GetBytes($"{Form}|{Language}");
        var subject = new byte[(2 * Varint.MaxLength) + words.Length];
        var length = Varint.Write(subject, NewsletterId);
        length += Varint.Write(subject.AsSpan(length), ShownAt.ToUnixTimeMilliseconds());
        words.CopyTo(subject.AsSpan(length));
        return ring.Sign(LinkPurpose.Form, subject.AsSpan(0, length + words.Length), keyId);
    }

    /// <inheritdoc cref="ConfirmToken.Verify"/>
    public static FormToken? Verify(KeyRing ring, string? token)
    {
        if (!ring.TryVerify(LinkPurpose.Form, token, out var subject))
            return null;
        ReadOnlySpan<byte> rest = subject;
        return Varint.TryRead(ref rest, out var newsletter) && Varint.TryRead(ref rest, out var shown)
            && Encoding.ASCII.GetString(rest).Split('|') is [var form, var language]
            ? new FormToken(newsletter, DateTimeOffset.FromUnixTimeMilliseconds(shown), form, language)
            : null;
    }
}

/// <summary>Tokens that speak of one row.</summary>
internal static class IdToken
{
    public static string Sign(KeyRing ring, string keyId, LinkPurpose purpose, long id)
    {
        Span<byte> subject = stackalloc byte[Varint.MaxLength];
        return ring.Sign(purpose, subject[..Varint.Write(subject, id)], keyId);
    }

    public static long? Verify(KeyRing ring, LinkPurpose purpose, string? token)
    {
        if (!ring.TryVerify(purpose, token, out var subject))
            return null;
        ReadOnlySpan<byte> rest = subject;
        return Varint.TryRead(ref rest, out var id) && rest.IsEmpty ? id : null;
    }
}
