using System.Text;
using System.Text.Json.Nodes;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Filters without an address that is to be forgotten: where a text of theirs is that address, however it is written, nobody's stands.</summary>
internal static class FilterForgetting
{
    // Shorter than any address, so that no filter grows too long.
    private const string Nobody = "\"@\"";

    /// <summary>The filter without the address; the same filter where it names it nowhere, or can't be read any more.</summary>
    public static string Without(string filter, string address)
    {
        if (!TryRead(filter, out var tokens))
            return filter;
        var kept = new StringBuilder();
        var at = 0;
        foreach (var token in tokens.Where(token => token.Kind == FilterTokenKind.Text && IsThat(token.Text, address)))
        {
            kept.Append(filter, at, token.Start - at).Append(Nobody);
            at = token.Start + token.Length;
        }

        return at == 0 ? filter : kept.Append(filter, at, filter.Length - at).ToString();
    }

    /// <summary>The same of every filter in what is kept of an issue's questions (a JSON array); the same text where none names it.</summary>
    public static string WithoutInQuestions(string questions, string address)
    {
        var kept = JsonNode.Parse(questions)!.AsArray();
        var changed = false;
        foreach (var question in kept.OfType<JsonObject>())
            if ((string?)question["filter"] is { } filter && Without(filter, address) is var without && without != filter)
                (question["filter"], changed) = (without, true);
        return changed ? kept.ToJsonString() : questions;
    }

    private static bool IsThat(string text, string address) =>
        EmailAddress.TryParse(text, out var named) && named.Value.Equals(address, StringComparison.OrdinalIgnoreCase);

    private static bool TryRead(string filter, out List<FilterToken> tokens)
    {
        try
        {
            tokens = FilterLexer.Read(filter);
            return true;
        }
        catch (FilterException)
        {
            tokens = [];
            return false;
        }
    }
}
