using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>
/// Markup that is safe to write. <see cref="Of"/> makes it from a template: what stands there is markup, what is put into
/// its holes is text and gets encoded, unless it is <see cref="Html"/> already. Attributes are always quoted.
/// </summary>
internal readonly record struct Html
{
    private static readonly HtmlEncoder encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly string? markup;

    private Html(string markup) => this.markup = markup;

    /// <summary>Nothing.</summary>
    public static Html None => default;

    public static Html Of(Template template) => new(template.ToString());

    /// <summary>Markup that is a constant of the program, or was made by code that answers for it.</summary>
    public static Html Raw(string markup) => new(markup);

    /// <summary>The markup.</summary>
    public override string ToString() => markup ?? "";

    /// <summary>A template being filled, part by part, by the compiler.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct Template(int literalLength, int holes)
    {
        private readonly StringBuilder written = new(literalLength + (holes * 32));

        public void AppendLiteral(string text) => written.Append(text);

        public void AppendFormatted(string? text) => written.Append(text is null ? "" : encoder.Encode(text));

        public void AppendFormatted(long number) => written.Append(CultureInfo.InvariantCulture, $"{number}");

        public void AppendFormatted(Html html) => written.Append(html.markup);

        public void AppendFormatted(IEnumerable<Html> parts)
        {
            foreach (var part in parts)
                written.Append(part.markup);
        }

        public override string ToString() => written.ToString();
    }
}
