using System.Collections.Frozen;
using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>The words of the script language that name a value of ours, both ways.</summary>
internal static class FaultWords
{
    private static readonly FrozenDictionary<string, FaultPoint> points = new Dictionary<string, FaultPoint>(StringComparer.Ordinal)
    {
        ["any"] = FaultPoint.Any,
        ["connect"] = FaultPoint.Connect,
        ["ehlo"] = FaultPoint.Ehlo,
        ["starttls"] = FaultPoint.StartTls,
        ["auth"] = FaultPoint.Auth,
        ["mail"] = FaultPoint.Mail,
        ["rcpt"] = FaultPoint.Rcpt,
        ["data"] = FaultPoint.Data,
        ["chunk"] = FaultPoint.Chunk,
        ["body"] = FaultPoint.Body,
        ["dot"] = FaultPoint.EndOfData,
        ["rset"] = FaultPoint.Rset,
        ["noop"] = FaultPoint.Noop,
        ["quit"] = FaultPoint.Quit,
        ["other"] = FaultPoint.Other,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, FaultScope> scopes = new Dictionary<string, FaultScope>(StringComparer.Ordinal)
    {
        ["inbox"] = FaultScope.Inbox,
        ["connection"] = FaultScope.Connection,
        ["recipient"] = FaultScope.Recipient,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every moment there is, as a person is told.</summary>
    public const string Points = "one of any, connect, ehlo, starttls, auth, mail, rcpt, data, chunk, body, dot, rset, noop, quit, other";

    public static FaultPoint? Point(string word) => points.TryGetValue(word, out var point) ? point : null;

    public static string Of(FaultPoint point) => points.First(pair => pair.Value == point).Key;

    public static FaultScope? Scope(string word) => scopes.TryGetValue(word, out var scope) ? scope : null;

    public static string Of(FaultScope scope) => scopes.First(pair => pair.Value == scope).Key;

    /// <summary>Before these replies no message has begun, or it has just ended: nothing is known of sender and recipients.</summary>
    public static bool KnowsNoMessage(FaultPoint point) =>
        point is FaultPoint.Connect or FaultPoint.Ehlo or FaultPoint.StartTls or FaultPoint.Auth or FaultPoint.Rset;

    /// <summary>A code and its text, which goes to the end of the line.</summary>
    public static string Of(InboxReply reply)
    {
        var text = Escaped(reply.Text);
        var quoted = text.Length == 0 || text[0] is ' ' or '"' || text[^1] == ' ';
        return string.Create(CultureInfo.InvariantCulture, $"{reply.Code} {(quoted ? $"\"{text.Replace("\"", "\\\"", StringComparison.Ordinal)}\"" : text)}");
    }

    /// <summary>A word as it is, or in quotes where it would not be read as one.</summary>
    public static string Quoted(string word) =>
        word.Length > 0 && word[0] != '"' && !word.AsSpan().ContainsAny(" \t\n\\")
            ? word
            : $"\"{Escaped(word).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private static string Escaped(string text) =>
        text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\n", @"\n", StringComparison.Ordinal);
}
