using System.CommandLine;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Themes;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter editions preview</c>: an author's first look. Needs no database, no configuration and no network.</summary>
internal static class EditionsPreviewCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The edition's Markdown; - for standard input.", HelpName = "FILE.md" };
        var format = new Option<string>("--format") { Description = "html, text, mime: the whole message as it would go out; or page: a desktop, a phone, dark mode and the text side by side.", DefaultValueFactory = _ => "html", HelpName = "html|text|mime|page" };
        format.AcceptOnlyFromAmong("html", "text", "mime", "page");
        var theme = new Option<string?>("--theme") { Description = "A theme in the place of the edition's.", HelpName = string.Join('|', ThemeCatalog.Names) };
        theme.AcceptOnlyFromAmong([.. ThemeCatalog.Names]);
        var variant = new Option<string?>("--variant") { Description = "A variant by its name: free, premium, premium+beta-readers, …. Default: the reader's.", HelpName = "NAME" };
        var reader = new Option<string?>("--as") { Description = "The reader, as JSON: '{\"first_name\":\"Ana\"}'. Default: one of whom nothing is known.", HelpName = "JSON" };
        var bodyOnly = new Option<bool>("--body-only") { Description = "Pass over front matter that another tool wrote." };
        var command = new Command("preview", "Show what a reader would get. Needs no database.") { file, format, theme, variant, reader, bodyOnly };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var path = parsed.GetValue(file)!;
            if (await EditionFiles.ReadAsync(path, terminal, stop) is not { } source)
                return Terminal.Failure;
            var isForeign = parsed.GetValue(bodyOnly);
            var pictures = await LocalPictures.ReadAsync(path, source, isForeign ? FrontMatterRules.ForeignBody : FrontMatterRules.Preview, new ImageOptions(), stop) is { } local
                ? await local.MakeAsync(PreviewRequest.MadeUpSite.Images, !isForeign, stop)
                : null;
            return Show(path, terminal, pictures, new PreviewRequest
            {
                Pictures = pictures?.Book,
                Source = source,
                Format = Enum.Parse<PreviewFormat>(parsed.GetValue(format)!, ignoreCase: true),
                As = parsed.GetValue(reader),
                Theme = parsed.GetValue(theme),
                Variant = parsed.GetValue(variant),
                BodyOnly = isForeign,
                SentAt = TimeProvider.System.GetLocalNow(),
            });
        });
        return command;
    }

    private static int Show(string path, Terminal terminal, LocalBook? pictures, PreviewRequest request)
    {
        switch (EditionPreview.Show(request))
        {
            case PreviewOutcome.Shown(var output, var warnings):
                Tell(path, terminal, warnings);
                // A file to be looked at holds its pictures; a message names where they would be had.
                terminal.WriteBytes(request.Format is PreviewFormat.Html or PreviewFormat.Page && pictures is not null ? pictures.PutInto(output) : output);
                return Terminal.Success;
            case PreviewOutcome.NoSuchVariant missing:
                return terminal.Fail(missing.Sentence);
            case PreviewOutcome.Refused(var problems):
                Tell(path, terminal, problems);
                return Terminal.Failure;
            default:
                throw new InvalidOperationException("Previewing gave an outcome that isn't known.");
        }
    }

    // As compilers write it, so that editors jump to the line.
    private static void Tell(string path, Terminal terminal, IEnumerable<RenderProblem> problems)
    {
        foreach (var problem in problems)
            terminal.Error.WriteLine($"{path}:{problem.Line}:{problem.Column}: {(problem.Severity is RenderSeverity.Error ? "error" : "warning")}: {problem.Message}");
    }
}
