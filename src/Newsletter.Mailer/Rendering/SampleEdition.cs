using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Rendering;

/// <summary>The edition that the program carries for its demo: of a made-up newsletter, using what the theme can do.</summary>
public static class SampleEdition
{
    /// <summary>The file as an author would write it: front matter and Markdown.</summary>
    public static string Source { get; } = Read();

    /// <summary>The newsletter it is of.</summary>
    public static NewsletterProfile Newsletter { get; } = new()
    {
        Slug = "the-tide-table",
        Name = "The Tide Table",
        FromAddress = "letters@tidetable.example.com",
        PostalAddress = "The Tide Table\n1 Harbour Steps\nSt Example TR0 0AA, United Kingdom",
        TimeZone = "Europe/London",
        Cadence = "fridays 08:00",
        Language = "en-GB",
    };

    /// <summary>Its pictures, PNG, by the name that they are served under; null where there is none of that name.</summary>
    public static Stream? Picture(string name) =>
        name is "lizard.png" or "winding.png" ? typeof(SampleEdition).Assembly.GetManifestResourceStream($"samples/{name}") : null;

    private static string Read()
    {
        using var stream = typeof(SampleEdition).Assembly.GetManifestResourceStream("samples/sample-edition.md")
            ?? throw new InvalidOperationException("The program carries no sample edition.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
