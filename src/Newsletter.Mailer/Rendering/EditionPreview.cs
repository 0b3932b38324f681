using System.Globalization;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Rendering;

/// <summary>What a preview shows.</summary>
public enum PreviewFormat
{
    /// <summary>The HTML part, decoded.</summary>
    Html,

    /// <summary>The text part, decoded.</summary>
    Text,

    /// <summary>The whole message as it would go out.</summary>
    Mime,

    /// <summary>A page that shows the mail side by side as on a desktop, on a phone, in dark mode, and its text.</summary>
    Page,
}

/// <summary>What to preview, and as whom.</summary>
public sealed record PreviewRequest
{
    /// <summary>Where links lead in a preview of which nothing is known.</summary>
    public static PublicSite MadeUpSite { get; } = new(new Uri("https://news.example.com"));

    /// <summary>The edition's file.</summary>
    public required string Source { get; init; }

    /// <summary>Which part of the message.</summary>
    public PreviewFormat Format { get; init; } = PreviewFormat.Html;

    /// <summary>
    /// The reader, as a JSON object: <c>first_name</c>, <c>name</c>, <c>address</c>, <c>tier</c>, <c>language</c>,
    /// <c>segments</c> (an array of slugs); what is in <c>attributes</c>, and every other key, is an attribute. Null for a reader of whom nothing is known but the address.
    /// </summary>
    public string? As { get; init; }

    /// <summary>The reader, known already; goes before <see cref="As"/>.</summary>
    public Recipient? Reader { get; init; }

    /// <summary>The variant to show, by its name (<see cref="RenderedVariant.Name"/>), or <c>free</c> or <c>premium</c>; null: the reader's.</summary>
    public string? Variant { get; init; }

    /// <summary>A theme in the place of the edition's; null: the edition's.</summary>
    public string? Theme { get; init; }

    /// <summary>Whether front matter of another tool is passed over.</summary>
    public bool BodyOnly { get; init; }

    /// <summary>The newsletter; a made-up one where null.</summary>
    public NewsletterProfile? Newsletter { get; init; }

    /// <summary>The number the edition is kept under, for a file that names none.</summary>
    public int? Number { get; init; }

    /// <summary>Attributes that are known; null accepts every name.</summary>
    public IReadOnlyCollection<string>? KnownAttributes { get; init; }

    /// <summary>The newsletter's segments; null accepts every name.</summary>
    public IReadOnlyList<Segment>? Segments { get; init; }

    /// <summary>What relative paths of images stand for; null where there are none.</summary>
    public PictureBook? Pictures { get; init; }

    /// <summary>Root of the links.</summary>
    public Uri PublicUrl { get; init; } = MadeUpSite.Url;

    /// <summary>The moment taken as that of sending.</summary>
    public required DateTimeOffset SentAt { get; init; }
}

/// <summary>What previewing gave.</summary>
public abstract record PreviewOutcome
{
    private PreviewOutcome()
    {
    }

    /// <summary>The part asked for, in UTF-8, and what is worth a look.</summary>
    public sealed record Shown(byte[] Output, IReadOnlyList<RenderProblem> Warnings) : PreviewOutcome;

    /// <summary>Why there is nothing to show.</summary>
    public sealed record Refused(IReadOnlyList<RenderProblem> Problems) : PreviewOutcome;

    /// <summary>The edition has no variant of the name that was asked for, but these.</summary>
    public sealed record NoSuchVariant(IReadOnlyList<string> Names) : PreviewOutcome
    {
        /// <summary>For people.</summary>
        public string Sentence => $"The edition has no such variant; it has {string.Join(", ", Names)}.";
    }
}

/// <summary>An edition's first look, straight from its file: no database, no network.</summary>
public static class EditionPreview
{
    /// <summary>Renders the file for one reader.</summary>
    public static PreviewOutcome Show(PreviewRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        if (ReadReader(request.As, request.PublicUrl, out var made) is { } bad)
            return new PreviewOutcome.Refused([bad]);
        var reader = request.Reader is { } known ? known with { MessageId = made.MessageId, UnsubscribeUrl = made.UnsubscribeUrl, VoteToken = made.VoteToken, CopyToken = made.CopyToken } : made;

        return EditionDocument.Parse(request.Source, request.BodyOnly ? FrontMatterRules.ForeignBody : FrontMatterRules.Preview) switch
        {
            EditionParseOutcome.Read read => Render(request, read.Edition, reader),
            EditionParseOutcome.Refused refused => new PreviewOutcome.Refused(
                [.. refused.Errors.Select(error => new RenderProblem(RenderSeverity.Error, error.Line, error.Column, error.Message))]),
            _ => throw new InvalidOperationException("Reading an edition gave an outcome that isn't known."),
        };
    }

    private static PreviewOutcome Render(PreviewRequest request, EditionDocument edition, Recipient reader)
    {
        var outcome = EditionRenderer.Render(new RenderRequest
        {
            Edition = edition with { Number = edition.Number ?? request.Number, Theme = request.Theme ?? edition.Theme },
            Newsletter = request.Newsletter ?? MadeUp(edition.Newsletter),
            PublicUrl = request.PublicUrl,
            SentAt = request.SentAt,
            KnownAttributes = request.KnownAttributes,
            Segments = request.Segments,
            Pictures = request.Pictures,
            HasWebEdition = request.Number is not null,
        });
        return outcome switch
        {
            RenderOutcome.Rendered rendered when Choose(request, rendered.Edition, reader) is { } chosen => new PreviewOutcome.Shown(Output(request, chosen, AsIn(chosen, reader)), rendered.Warnings),
            RenderOutcome.Rendered rendered => new PreviewOutcome.NoSuchVariant([.. rendered.Edition.Variants.Select(variant => variant.Name)]),
            RenderOutcome.Refused refused => new PreviewOutcome.Refused(refused.Problems),
            _ => throw new InvalidOperationException("Rendering gave an outcome that isn't known."),
        };
    }

    private static RenderedVariant? Choose(PreviewRequest request, RenderedEdition edition, Recipient reader) => request.Variant switch
    {
        null => edition.VariantFor(reader),
        // Of an edition that doesn't ask for it, each tier sees what everyone of it does.
        "free" or "premium" => edition.Variants.FirstOrDefault(variant => variant.Name == request.Variant) ?? edition.VariantFor(reader with { Tier = request.Variant }),
        _ => edition.Variants.FirstOrDefault(variant => variant.Name == request.Variant),
    };

    // Who sees the premium variant is a premium reader, whatever else is known.
    private static Recipient AsIn(RenderedVariant variant, Recipient reader)
    {
        var tier = variant.Name.Split('+')[0];
        return tier is "free" or "premium" ? reader with { Tier = tier } : reader;
    }

    private static byte[] Output(PreviewRequest request, RenderedVariant edition, Recipient reader)
    {
        if (request.Format != PreviewFormat.Mime)
            return Encoding.UTF8.GetBytes(request.Format switch
            {
                PreviewFormat.Page => PreviewPage.Write(edition, reader),
                PreviewFormat.Text => edition.FillText(reader),
                _ => edition.FillHtml(reader),
            });

        var stream = new MemoryStream();
        MessageCompiler.Compile(edition, new IssueHeaders { IssueId = 0, Date = request.SentAt }).Fill(reader).WriteTo(stream);
        return stream.ToArray();
    }

    // "the-tide-table" → "The Tide Table": good enough for a first look.
    internal static NewsletterProfile MadeUp(string? slug)
    {
        var words = (slug ?? "your-newsletter").Split('-', StringSplitOptions.RemoveEmptyEntries).Select(word => char.ToUpper(word[0], CultureInfo.InvariantCulture) + word[1..]);
        return new NewsletterProfile
        {
            Slug = slug ?? "your-newsletter",
            Name = string.Join(' ', words),
            FromAddress = "newsletter@example.com",
            PostalAddress = "Your postal address\nstands here",
        };
    }

    private static RenderProblem? ReadReader(string? json, Uri publicUrl, out Recipient reader)
    {
        reader = new Recipient
        {
            Address = "reader@example.com",
            MessageId = "preview@example.com",
            UnsubscribeUrl = new Links.PublicSite(publicUrl).Unsubscribe("preview"),
            VoteToken = "preview",
            CopyToken = "preview",
        };
        if (json is null)
            return null;

        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return BadReader("it must be an object");
            reader = Read(document.RootElement, reader);
            return reader.Address.IndexOf('@', StringComparison.Ordinal) > 0 && !reader.Address.AsSpan().ContainsAny(" <>\r\n")
                ? null
                : new RenderProblem(RenderSeverity.Error, 1, 1, "The reader's address is no address. Write it like ana@example.com.");
        }
        catch (JsonException broken)
        {
            return BadReader(broken.Message);
        }
    }

    private static Recipient Read(JsonElement json, Recipient unknown)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var segments = new List<string>();
        foreach (var property in json.EnumerateObject())
        {
            if (property is { Name: "attributes", Value.ValueKind: JsonValueKind.Object })
                foreach (var attribute in property.Value.EnumerateObject())
                    values[attribute.Name] = Text(attribute.Value);
            else if (property is { Name: "segments", Value.ValueKind: JsonValueKind.Array })
                segments.AddRange(property.Value.EnumerateArray().Select(Text));
            else
                values[property.Name] = Text(property.Value);
        }

        var name = values.GetValueOrDefault("name");
        return unknown with
        {
            Address = values.GetValueOrDefault("address") ?? unknown.Address,
            Name = name,
            FirstName = values.GetValueOrDefault("first_name") ?? name?.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault(),
            Tier = values.GetValueOrDefault("tier") ?? unknown.Tier,
            Segments = segments,
            Language = values.GetValueOrDefault("language"),
            Attributes = values,
        };
    }

    private static string Text(JsonElement value) =>
        value.ValueKind == JsonValueKind.String ? value.GetString()! : value.ValueKind == JsonValueKind.Null ? "" : value.GetRawText();

    private static RenderProblem BadReader(string why) => new(
        RenderSeverity.Error, 1, 1, $"The reader to preview as is no JSON that can be read ({why.TrimEnd('.')}). Write it like {{\"first_name\":\"Ana\"}}.");
}
