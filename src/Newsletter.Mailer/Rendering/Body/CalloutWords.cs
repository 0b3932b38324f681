using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>What a callout is headed by: <c>[!TIP]</c> in the edition's language. A kind that isn't known keeps its own word.</summary>
internal static class CalloutWords
{
    public static string Of(string kind, Phrases words) => kind.Trim().ToUpperInvariant() switch
    {
        "NOTE" => words.Text("callout.note"),
        "TIP" => words.Text("callout.tip"),
        "IMPORTANT" => words.Text("callout.important"),
        "WARNING" => words.Text("callout.warning"),
        "CAUTION" => words.Text("callout.caution"),
        _ => kind.Trim(),
    };
}
