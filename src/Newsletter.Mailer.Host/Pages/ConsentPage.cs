using System.Globalization;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>A reader's consents as a page: for the file of a data protection officer, so in English, with times in UTC.</summary>
internal static class ConsentPage
{
    public static PageShell Of(Subscriber reader, IReadOnlyList<Consent> entries) => new()
    {
        Title = $"Consents of subscriber {reader.Id}",
        Width = PageWidth.Desk,
        Body = Html.Of($"""
            <h1>Consents of <bdi>{reader.Address}</bdi></h1>
            <p class="muted">Subscriber {reader.Id}. Entries are only ever added; times are UTC.</p>
            {(entries.Count == 0 ? Html.Of($"<p>There are none: the reader was added by import or through the API.</p>") : Html.None)}
            {entries.Select(Entry)}
            """),
    };

    private static Html Entry(Consent entry) => Html.Of($"""
        <h2>{entry.At.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}: {entry.Action}</h2>
        <dl class="facts">
        {Fact("Newsletter", entry.Newsletter)}{Fact("Wording", entry.Wording)}{Fact("Language", entry.Language)}{Fact("Form", entry.Form)}
        {Fact("From", entry.Ip)}{Fact("Confirmed by", entry.How)}{Fact("Reason", entry.Reason)}{Fact("In their words", entry.Note)}
        </dl>

        """);

    private static Html Fact(string name, string? value) => value is null ? Html.None : Html.Of($"""<dt>{name}</dt><dd dir="auto">{value}</dd>""");
}
