namespace Newsletter.Mailer.Editions;

/// <summary>
/// An edition as its author wrote it: YAML front matter between <c>---</c> lines, Markdown below.
/// Reading it touches no database; whether the newsletter, segment or theme exists is for others to say.
/// </summary>
public sealed record EditionDocument
{
    /// <summary>The longest file that is read, in UTF-16 code units: twice what mail clients show of a message, and ten long editions.</summary>
    public const int MaxLength = 200_000;

    private const int MaxFrontMatterLength = 16_384;

    /// <summary>The Markdown below the front matter, with LF line ends.</summary>
    public required string Body { get; init; }

    /// <summary>Line of the file on which <see cref="Body"/> begins, so that later messages speak of the file's lines.</summary>
    public int BodyLine { get; init; } = 1;

    /// <summary>Slug of the newsletter; null where the file leaves it to the request.</summary>
    public string? Newsletter { get; init; }

    /// <summary>Number of the edition, from 0; null where it has none.</summary>
    public int? Number { get; init; }

    /// <summary>What stands above the text. The subject as it reads to someone of whom nothing is known where the author gave no title, null where there is neither (previews only).</summary>
    public string? Title { get; init; }

    /// <summary>The subject, slots unread; the title where absent.</summary>
    public required string Subject { get; init; }

    /// <summary>The line that mail clients show beside the subject, slots unread.</summary>
    public string? Preheader { get; init; }

    /// <summary>Part of the edition's public URL; made from the title where absent.</summary>
    public required string Slug { get; init; }

    /// <summary>Whose name stands in the byline.</summary>
    public string? Author { get; init; }

    /// <summary>The whole byline where "By" and the author won't do, for instance <c>Words by Ana, pictures by Bo</c>.</summary>
    public string? Byline { get; init; }

    /// <summary>What stands below the text, above the author's name, slots unread: <c>Fair winds,</c>.</summary>
    public string? SignOff { get; init; }

    /// <summary>The day printed on the edition; the day of sending where absent.</summary>
    public DateOnly? Date { get; init; }

    /// <summary><c>free</c> (everyone) or <c>premium</c> (premium readers only).</summary>
    public string Tier { get; init; } = "free";

    /// <summary>Name or slug of the segment it goes to; null for everyone.</summary>
    public string? Segment { get; init; }

    /// <summary>Where the segment's name begins.</summary>
    public SourcePosition SegmentAt { get; init; } = new(1, 1);

    /// <summary>Name of the theme; the newsletter's where absent.</summary>
    public string? Theme { get; init; }

    /// <summary>BCP 47 language; the newsletter's where absent.</summary>
    public string? Language { get; init; }

    /// <summary>False for <c>template: off</c>: braces are text.</summary>
    public bool Template { get; init; } = true;

    /// <summary>Whether another tool wrote the file: braces that are no slot of ours stay text, with a warning.</summary>
    public bool IsForeign { get; init; }

    /// <summary>Where the subject's text begins (the title's, where the title is the subject).</summary>
    public SourcePosition SubjectAt { get; init; } = new(1, 1);

    /// <summary>Where the title's text begins.</summary>
    public SourcePosition TitleAt { get; init; } = new(1, 1);

    /// <summary>Where the sign-off's text begins.</summary>
    public SourcePosition SignOffAt { get; init; } = new(1, 1);

    /// <summary>Where the preheader's text begins.</summary>
    public SourcePosition PreheaderAt { get; init; } = new(1, 1);

    /// <summary>Reads an edition's file. Every error is named with its line, not only the first.</summary>
    public static EditionParseOutcome Parse(string source, FrontMatterRules rules)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(rules);
        var errors = new List<FrontMatterError>();
        var text = Normalise(source);
        RefuseUnreadable(text, errors);
        if (errors.Count > 0)
        {
            return new EditionParseOutcome.Refused(errors);
        }

        var block = FrontMatterBlock.Cut(text);
        var edition = rules.BodyOnly
            ? WithoutFrontMatter(block) with { IsForeign = true }
            : ReadBlock(block, rules, errors);
        return errors.Count == 0
            ? new EditionParseOutcome.Read(edition)
            : new EditionParseOutcome.Refused([.. errors.OrderBy(error => error.Line).ThenBy(error => error.Column)]);
    }

    // A byte order mark and the line ends of other systems say nothing.
    private static string Normalise(string source) =>
        source.TrimStart('\uFEFF').Replace("\r\n", "\n", StringComparison.Ordinal).Replace('\r', '\n');

    private static void RefuseUnreadable(string text, List<FrontMatterError> errors)
    {
        if (text.Length > MaxLength)
        {
            errors.Add(new FrontMatterError(1, 1, null, $"The file is {text.Length} characters long; at most {MaxLength} are read. Mail clients clip long before that."));
            return;
        }

        // PostgreSQL's text cannot hold NUL, and a file with one is binary.
        if (text.IndexOf('\0', StringComparison.Ordinal) is var at and >= 0)
        {
            var line = text.AsSpan(0, at).Count('\n') + 1;
            errors.Add(new FrontMatterError(
                line, at - text.LastIndexOf('\n', at), null, "The file holds a NUL byte, so it is no text. Save it as UTF-8 text."));
        }
    }

    private static EditionDocument ReadBlock(FrontMatterBlock block, FrontMatterRules rules, List<FrontMatterError> errors)
    {
        if (block.IsOpen)
        {
            errors.Add(new FrontMatterError(1, 1, null, "The front matter opens here and is never closed. Put a line of --- below its last key."));
        }
        else if (block.Yaml is null && rules.Required)
        {
            errors.Add(new FrontMatterError(1, 1, null, "There is no front matter. Begin the file with a line of ---, a line such as \"subject: My first edition\", and another line of ---."));
        }
        else if (block.Yaml is { Length: > MaxFrontMatterLength })
        {
            errors.Add(new FrontMatterError(1, 1, null, $"The front matter is {block.Yaml.Length} characters long; at most {MaxFrontMatterLength} are read. Is the closing --- missing?"));
        }

        return errors.Count > 0 || block.Yaml is null ? WithoutFrontMatter(block) : ReadEntries(block, rules, errors);
    }

    private static EditionDocument ReadEntries(FrontMatterBlock block, FrontMatterRules rules, List<FrontMatterError> errors)
    {
        var reader = new FrontMatterReader(new FrontMatterYaml(errors).Read(block.Yaml!), errors);
        reader.RefuseUnknownKeys();
        var edition = WithoutFrontMatter(block);
        var title = reader.Text("title", 300);
        var subject = reader.Text("subject", 300);
        var slug = reader.Slug("slug");
        var number = reader.Number("number");
        if (errors.Count == 0 && title is null && subject is null && rules.Required)
        {
            errors.Add(new FrontMatterError(1, 1, "subject", "The edition has neither a subject nor a title. Add a line such as \"subject: My first edition\"."));
        }

        var template = reader.Switch("template", otherwise: true);
        var named = title ?? (template ? EditionTitle.FromSubject(subject) : subject) ?? edition.Title;
        if (errors.Count == 0 && named is null && subject is not null)
        {
            errors.Add(new FrontMatterError(1, 1, "title", "The subject is different for each reader, so it makes no title. Add a line such as \"title: My first edition\"."));
        }

        var madeSlug = slug ?? (named is null ? null : EditionSlug.FromTitle(named)) ?? (number is null ? null : $"edition-{number}");
        if (errors.Count == 0 && madeSlug is null && rules.Required)
        {
            errors.Add(new FrontMatterError(1, 1, "slug", "No slug can be made from this title. Add a line such as \"slug: spring-edition\"."));
        }

        return edition with
        {
            Newsletter = reader.Newsletter("newsletter"),
            Number = number,
            Title = named,
            Subject = subject ?? named ?? edition.Subject,
            Preheader = reader.Text("preheader", 500),
            Slug = madeSlug ?? edition.Slug,
            Author = reader.Text("author", 200),
            Byline = reader.Text("byline", 200),
            SignOff = reader.Text("sign_off", 200),
            SignOffAt = reader.PositionOf("sign_off"),
            Date = reader.Date("date"),
            Tier = reader.OneOf("tier", "free", "premium") ?? "free",
            Segment = reader.Text("segment", 200),
            SegmentAt = reader.PositionOf("segment"),
            Theme = reader.Slug("theme"),
            Language = reader.Language("language"),
            Template = template,
            TitleAt = reader.PositionOf(title is null ? "subject" : "title"),
            SubjectAt = reader.PositionOf(subject is null ? "title" : "subject"),
            PreheaderAt = reader.PositionOf("preheader"),
        };
    }

    private static EditionDocument WithoutFrontMatter(FrontMatterBlock block)
    {
        var heading = block.Body.Split('\n').FirstOrDefault(line => line.Trim().Length > 0) is { } first && first.StartsWith("# ", StringComparison.Ordinal)
            ? UnsafeCharacters.Strip(first[2..]).Trim().TrimEnd('#').TrimEnd()
            : null;
        var title = string.IsNullOrEmpty(heading) ? null : EditionTitle.FromSubject(heading);
        return new EditionDocument
        {
            Body = block.Body,
            BodyLine = block.BodyLine,
            Title = title,
            Subject = string.IsNullOrEmpty(heading) ? "Untitled edition" : heading,
            Slug = (title is null ? null : EditionSlug.FromTitle(title)) ?? "untitled",
        };
    }
}
