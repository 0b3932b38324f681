namespace Newsletter.Mailer.Preflight.Checks;

/// <summary>What every issue must have: a way to leave in both parts, and a text part that says something.</summary>
internal static class DutyChecks
{
    public static void Look(PreflightSubject subject, FindingList found)
    {
        foreach (var page in subject.Pages)
        {
            var text = page.Variant.FillText(subject.Reader);
            if (!page.Document.QuerySelectorAll("a[href]").Any(link => link.GetAttribute("href") == subject.Reader.UnsubscribeUrl))
                found.Add("unsubscribe-missing", "The HTML has no link to unsubscribe, and no issue may go out without one.", "Let the newsletter's layout show {{ unsubscribe_url }} as a link's address.", variant: subject.NameOf(page));
            if (!text.Contains(subject.Reader.UnsubscribeUrl, StringComparison.Ordinal))
                found.Add("unsubscribe-missing", "The text part has no link to unsubscribe, and no issue may go out without one.", "Put {{ links.unsubscribe }} into the text.", variant: subject.NameOf(page));
        }

        if (!subject.Edition.Body.Any(char.IsLetterOrDigit))
            found.Add("text-part-empty", "The edition has no text: readers of the text part, and those whose mail program shows no pictures, see nothing.", "Write what it says.");
        else if (OnlyPictures(subject))
            found.Add("text-part-empty", "The edition is pictures only: whoever sees none, by choice or by need, reads nothing.", "Say in text what the pictures say.");
    }

    private static bool OnlyPictures(PreflightSubject subject) =>
        subject.Pages.All(page => page.Document.QuerySelector(".content") is { } content
            && content.QuerySelector("img") is not null
            && content.Children.Where(child => child.LocalName is not "h1" && child.ClassName is not ("byline" or "sign-off")).All(child => string.IsNullOrWhiteSpace(child.TextContent)));
}
