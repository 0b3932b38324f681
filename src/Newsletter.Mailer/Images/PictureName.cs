namespace Newsletter.Mailer.Images;

/// <summary>The relative paths by which editions name pictures: <c>picture.png</c>, <c>pictures/harbour.jpg</c>.</summary>
public static class PictureName
{
    /// <summary>Characters at most.</summary>
    public const int Longest = 200;

    /// <summary>Whether an image's address in an edition is a path and no URL: it has no scheme and no host.</summary>
    public static bool IsPath(string? address) =>
        !string.IsNullOrWhiteSpace(address) && address[0] is not ('#' or '?') && !address.StartsWith("//", StringComparison.Ordinal) && !address.StartsWith(@"\\", StringComparison.Ordinal)
        && !HasScheme(address);

    /// <summary>Reads a path as an edition writes it: percent signs decoded, <c>./</c> dropped.</summary>
    /// <returns>Null where it can be a picture's name, else why it can't.</returns>
    public static string? TryRead(string address, out string name)
    {
        name = Uri.UnescapeDataString(address);
        while (name.StartsWith("./", StringComparison.Ordinal))
            name = name[2..];
        return Problem(name);
    }

    /// <summary>Null where a text can be a picture's name, else why it can't.</summary>
    public static string? Problem(string name)
    {
        if (name.Length is 0 or > Longest)
            return $"A picture's name has 1 to {Longest} characters.";
        if (name.Any(c => char.IsControl(c) || char.IsSurrogate(c) || char.GetUnicodeCategory(c) is System.Globalization.UnicodeCategory.Format || c is '?' or '#' or ':' or '"' or '<' or '>' || c is >= '\uFDD0' and <= '\uFDEF' or '\uFFFE' or '\uFFFF'))
            return "A picture's name can't hold ? # : \" < > or invisible characters.";
        if (name.Contains('\\', StringComparison.Ordinal))
            return "Write / between folders, not \\.";
        if (name[0] == '/')
            return "Write the path from the Markdown file's folder, such as picture.png: one that begins with / isn't looked up.";
        return name.Split('/').Any(part => part is "" or "." or ".." || part.Trim() != part)
            ? "Write the path downwards from the Markdown file's folder, such as pictures/harbour.jpg: no .., no empty parts."
            : null;
    }

    // RFC 3986 §3.1.
    private static bool HasScheme(string address)
    {
        var colon = address.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && char.IsAsciiLetter(address[0]) && address.AsSpan(0, colon).IndexOfAnyExcept(System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.")) < 0;
    }
}
