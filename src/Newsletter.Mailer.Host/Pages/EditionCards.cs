using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Images.Cards;
using Newsletter.Mailer.Rendering.Themes;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Host.Pages;

/// <summary>Which card an edition has, if any: that depends on the fonts of this machine.</summary>
internal sealed partial class EditionCards(ILogger<EditionCards> log)
{
    private int _told;

    /// <summary>The card as it can be written here; null where it can't, which is said once.</summary>
    public SocialCard? Of(NewsletterProfile newsletter, ArchivedEdition edition)
    {
        var language = edition.Language ?? newsletter.Language;
        var card = CardPainter.Writable(
            new SocialCard
            {
                Newsletter = newsletter.Name,
                Title = edition.Title,
                Note = $"#{edition.Number} · {EditionView.DayOf(edition, language)}",
                Language = language,
                Look = CardDesign.Of(newsletter),
            },
            out var missing);
        if (missing != default && Interlocked.Exchange(ref _told, 1) == 0)
            LogMissing(edition.IssueId, missing);
        return card;
    }

    private void LogMissing(long issueId, Rune missing) => LogMissing(issueId, $"U+{missing.Value:X4}");

    [LoggerMessage(1, LogLevel.Warning, "The page of issue {IssueId} has no picture for link previews: no installed font has the letter {Letter}. Install fonts for the scripts you write in (for instance fonts-noto-core, fonts-noto-cjk) and restart. This is said once, of whatever issue was asked for first")]
    private partial void LogMissing(long issueId, string letter);
}
