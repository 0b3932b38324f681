using System.Buffers.Binary;
using System.Buffers.Text;

namespace Newsletter.Mailer.Database;

/// <summary>
/// Where a page begins: after the row with this id. To clients it is an opaque text (base64url), so that what is in it may change.
/// </summary>
/// <param name="After">Id of the last row already seen; 0 before the first.</param>
public readonly record struct Cursor(long After)
{
    // The first byte names the layout, so that a cursor of another version is refused and not misread.
    private const byte Layout = 1;

    /// <summary>Before the first row.</summary>
    public static Cursor Start => new(0);

    /// <summary>Reads what <see cref="ToString"/> wrote. Null and empty are the start; false for anything we did not write.</summary>
    public static bool TryParse(string? text, out Cursor cursor)
    {
        cursor = Start;
        if (string.IsNullOrEmpty(text)) return true;
        Span<byte> bytes = stackalloc byte[16];
        if (text.Length > 16 || !Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, bytes, out var length) || length != 9 || bytes[0] != Layout) return false;
        cursor = new Cursor(BinaryPrimitives.ReadInt64BigEndian(bytes[1..]));
        return cursor.After >= 0;
    }

    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[9];
        bytes[0] = Layout;
        BinaryPrimitives.WriteInt64BigEndian(bytes[1..], After);
        return Base64Url.EncodeToString(bytes);
    }
}

/// <summary>Which page is asked for.</summary>
/// <param name="After">Where it begins.</param>
/// <param name="Limit">Rows at most, 1 to <see cref="MaxLimit"/>.</param>
public sealed record PageRequest(Cursor After, int Limit)
{
    /// <summary>Rows in a page unless asked otherwise.</summary>
    public const int DefaultLimit = 50;

    /// <summary>Rows in a page at most.</summary>
    public const int MaxLimit = 500;

    /// <summary>The first page with the default limit.</summary>
    public static PageRequest First { get; } = new(Cursor.Start, DefaultLimit);

    /// <summary>Reads the query parameters <c>after</c> and <c>limit</c>; on failure <paramref name="field"/> names the wrong one.</summary>
    public static bool TryCreate(string? after, int? limit, out PageRequest request, out string field, out string problem)
    {
        (request, field, problem) = (First, "", "");
        if (!Cursor.TryParse(after, out var cursor))
        {
            (field, problem) = ("after", "This is no cursor of ours. Pass the value of \"next\" as it was given, or none for the first page.");
            return false;
        }

        if (limit is < 1 or > MaxLimit)
        {
            (field, problem) = ("limit", $"The limit must be between 1 and {MaxLimit}.");
            return false;
        }

        request = new PageRequest(cursor, limit ?? DefaultLimit);
        return true;
    }
}

/// <summary>Some rows, in the order of their ids, and where the next ones begin.</summary>
/// <param name="Items">The rows.</param>
/// <param name="Next">Cursor of the next page; null on the last.</param>
public sealed record Page<T>(IReadOnlyList<T> Items, string? Next)
{
    /// <summary>Same page, other items.</summary>
    public Page<TOther> Select<TOther>(Func<T, TOther> change) => new([.. Items.Select(change)], Next);
}

/// <summary>Makes pages.</summary>
public static class Page
{
    /// <summary>Cuts a page from <paramref name="rows"/>, which were read with one more than the limit to see whether there is a next page.</summary>
    public static Page<T> Of<T>(IReadOnlyList<T> rows, PageRequest request, Func<T, long> id)
    {
        if (rows.Count <= request.Limit) return new Page<T>(rows, null);
        var items = rows.Take(request.Limit).ToList();
        return new Page<T>(items, new Cursor(id(items[^1])).ToString());
    }
}
