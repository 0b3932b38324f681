using System.Collections.Frozen;
using static Newsletter.Mailer.Preflight.CheckSeverity;

namespace Newsletter.Mailer.Preflight;

/// <summary>One check: its code is for machines and never changes.</summary>
/// <param name="Code">Lower case, with hyphens.</param>
/// <param name="Severity">An error keeps the edition from being scheduled and published.</param>
/// <param name="Says">What it says, in a line.</param>
public sealed record PreflightRule(string Code, CheckSeverity Severity, string Says);

/// <summary>Every check there is. The README's table is this list; a test compares them.</summary>
public static class PreflightRules
{
    /// <summary>In the order of the README.</summary>
    public static IReadOnlyList<PreflightRule> All { get; } =
    [
        new("front-matter", Error, "The front matter can't be read."),
        new("rendering", Error, "The text can't be rendered: an unknown name, an unclosed container, a missing field."),
        new("dialect", Warning, "Something in the text was not understood as it was meant, such as a dropped tag."),
        new("segment-unknown", Error, "The front matter names a segment that the newsletter hasn't got."),
        new("html-too-large", Error, "The HTML of a variant reaches 102 KB, where Gmail cuts it off, the unsubscribe link included. Can be forced."),
        new("html-large", Warning, "The HTML of a variant reaches 90 KB."),
        new("postal-address-missing", Error, "The newsletter has no postal address."),
        new("unsubscribe-missing", Error, "A variant's HTML or text has no unsubscribe link."),
        new("text-part-empty", Warning, "The text part says nothing."),
        new("subject-empty", Error, "A reader without a name would get an empty subject."),
        new("subject-long", Warning, "The subject is longer than 70 characters: most lists of mails cut it."),
        new("subject-shouting", Warning, "The subject is in capitals, or full of exclamation marks."),
        new("subject-reply-mark", Warning, "The subject begins with Re: or Fwd:, as if it were an answer."),
        new("preheader-missing", Warning, "No preheader: mail programs show the first words of the page instead."),
        new("preheader-long", Warning, "The preheader is longer than 140 characters."),
        new("preheader-repeats", Warning, "The preheader repeats the subject."),
        new("link-missing", Warning, "A link leads nowhere."),
        new("link-not-encrypted", Warning, "A link is http: and not https:."),
        new("link-private", Warning, "A link leads to an address that only exists in your own network."),
        new("link-shortener", Warning, "A link goes through a URL shortener, which spam filters distrust."),
        new("link-duplicate", Note, "The same address is linked more than once."),
        new("link-text-vague", Warning, "A link's text is \"click here\" or the like."),
        new("link-text-differs", Warning, "A link's text shows one host and leads to another, as phishing does."),
        new("link-dead", Warning, "A link's server answers that there is nothing (404, 410), or there is no such host."),
        new("link-unreachable", Warning, "A link's server doesn't answer, or with an error."),
        new("image-alt-missing", Warning, "An image has no alternative text."),
        new("image-width-missing", Warning, "An image has no width: Outlook shows it at its full size."),
        new("image-not-encrypted", Warning, "An image is fetched by http:, which many mail programs refuse."),
        new("image-too-large", Warning, "An image is larger than 1 MB."),
        new("images-heavy", Warning, "All images together are larger than 3 MB."),
        new("image-dead", Warning, "An image can't be had."),
        new("contrast-light", Warning, "A text's contrast is below 4.5:1 (3:1 where it is large)."),
        new("contrast-dark", Warning, "The same in dark mode."),
        new("placeholder-left", Warning, "Lorem ipsum, TODO, FIXME, XXX or [NAME] was left in the text."),
        new("merge-tag-left", Error, "A slot of another tool was left in the text: *|FNAME|*, %FNAME%, [[name]]."),
        new("braces-unbalanced", Warning, "{{ without }} or the other way round, shown to readers as it stands."),
        new("personalisation-empty", Warning, "Some readers have no value for a slot, and it has no default."),
        new("personalisation-default", Note, "How many readers get a slot's default."),
        new("audience-empty", Warning, "Nobody would get it."),
        new("from-free-mailbox", Warning, "The sender is at a free mail provider, whose DMARC policy forbids it to others."),
        new("from-no-reply", Warning, "Answers go to a no-reply address."),
        new("dkim-unaligned", Warning, "There are keys that sign mail, but none for the sender's domain."),
        new("schedule-past", Warning, "The time it is scheduled for is over."),
        new("schedule-night", Warning, "It goes out between 23:00 and 05:00 of the newsletter's time."),
        new("schedule-crowded", Warning, "Another edition of the newsletter goes out within the hour."),
        new("number-order", Warning, "Its number isn't above that of the editions before it."),
        new("date-differs", Warning, "The date that it bears is more than a week from the day it goes out."),
    ];

    private static readonly FrozenDictionary<string, PreflightRule> s_byCode = All.ToFrozenDictionary(rule => rule.Code, StringComparer.Ordinal);

    /// <summary>The rule of a code.</summary>
    internal static PreflightRule Of(string code) => s_byCode[code];
}
