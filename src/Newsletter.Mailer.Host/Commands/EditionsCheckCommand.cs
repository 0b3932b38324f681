using System.CommandLine;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Host.Endpoints;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Preflight.Spam;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter editions check</c>: what is wrong with an edition, or could be better. Needs no database; no network but with <c>--links</c>.</summary>
internal static class EditionsCheckCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("file") { Description = "The edition's Markdown; - for standard input.", HelpName = "FILE.md" };
        var spam = new Option<bool>("--spam") { Description = "Have the message scored by this machine's SpamAssassin or rspamd." };
        var links = new Option<bool>("--links") { Description = "Open every link and image, for at most 25 seconds." };
        var theme = new Option<string?>("--theme") { Description = "Theme in the place of the edition's.", HelpName = "NAME" };
        var bodyOnly = new Option<bool>("--body-only") { Description = "Pass over front matter that another tool wrote." };
        var json = CommonOptions.Json();
        var command = new Command("check", "Say what is wrong with an edition, or could be better, each with its place and what to do. Needs no database. Exit code 1 where there is an error, 0 also with warnings.")
        {
            file, spam, links, theme, bodyOnly, json,
        };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            var path = parsed.GetValue(file)!;
            if (await EditionFiles.ReadAsync(path, terminal, stop) is not { } source)
                return Terminal.Failure;
            var request = new PreflightRequest { Source = source, Now = TimeProvider.System.GetLocalNow(), BodyOnly = parsed.GetValue(bodyOnly), Theme = parsed.GetValue(theme) };
            if (await LocalPictures.ReadAsync(path, source, request.BodyOnly ? FrontMatterRules.ForeignBody : FrontMatterRules.Preview, new ImageOptions(), stop) is { } local)
                request = request with { Pictures = (await local.MakeAsync(new Links.PublicSite(request.PublicUrl).Images, !request.BodyOnly, stop)).Book };
            var report = EditionPreflight.Check(request);
            if (parsed.GetValue(links))
                report = await WithLinksAsync(report, stop);
            var verdict = parsed.GetValue(spam) && report.Rendered is { } rendered ? await SpamFilter.AskAsync(Message(rendered, request.Now), null, stop) : null;
            if (parsed.GetValue(json))
                terminal.WriteJson(PreflightAnswer.Of(report) with { Spam = verdict is null ? null : SpamAnswer.Of(verdict) });
            else
                new CheckView(terminal, path).Show(report, verdict);
            return report.Errors > 0 ? Terminal.Failure : Terminal.Success;
        });
        return command;
    }

    /// <summary>The whole message to somebody of whom nothing is known, of the variant that shows most.</summary>
    internal static byte[] Message(RenderedEdition rendered, DateTimeOffset date)
    {
        using var stream = new MemoryStream();
        Filled(rendered, date).WriteTo(stream);
        return stream.ToArray();
    }

    internal static FilledMessage Filled(RenderedEdition rendered, DateTimeOffset date)
    {
        var reader = new Recipient
        {
            Address = "reader@example.com",
            MessageId = $"{date.ToUnixTimeSeconds():x}.check@{rendered.Request.Newsletter.SenderDomain()}",
            UnsubscribeUrl = new Links.PublicSite(rendered.Request.PublicUrl).Unsubscribe("check"),
        };
        return MessageCompiler.Compile(rendered.Variants[^1], new IssueHeaders { IssueId = 1, Date = date }).Fill(reader);
    }

    private static async Task<PreflightReport> WithLinksAsync(PreflightReport report, CancellationToken stop)
    {
        using var probe = new AddressProbe();
        return report.With(await new AddressBook(probe).LookAsync(report.Addresses, stop));
    }
}
