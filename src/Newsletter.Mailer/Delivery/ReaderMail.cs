using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Rendering.Personal;

namespace Newsletter.Mailer.Delivery;

/// <summary>
/// Mail to one reader, made when it is sent: whether it still goes is decided here, by what is so now. Nothing in it was typed by whoever asked for
/// it (STANDARDS, list bombing).
/// </summary>
public sealed class ReaderMail(
    NewsletterStore newsletters, SubscriberStore subscribers, ConfirmationStore confirmations, SuppressionStore suppressions,
    SignUpOptions options, KeyRing keys, PublicSite site)
{
    /// <summary>Asks whether a sign-up was meant; or tells a reader who is subscribed that nothing need be done.</summary>
    internal async Task<ComposedMail> ConfirmationAsync(ClaimedMail mail, CancellationToken stop)
    {
        var signUpId = JsonSerializer.Deserialize<SignUpModel>(mail.Model)!.SignUpId;
        if (await confirmations.DecideAsync(signUpId, stop) is not { IsSent: true } decision || await newsletters.GetAsync(mail.NewsletterId ?? 0, stop) is not { } newsletter)
            return new ComposedMail.Needless();
        var words = Phrases.For(decision.Language, newsletter.Language);
        var letter = decision.IsSubscribed ? await KnownAsync(mail, newsletter, words, stop) : Confirmation(newsletter, words, signUpId);
        return Finish(mail, newsletter, letter, "confirm");
    }

    /// <summary>Greets a reader who has confirmed, unless they have left again or can't be mailed.</summary>
    internal async Task<ComposedMail> WelcomeAsync(ClaimedMail mail, CancellationToken stop)
    {
        if (await FindAsync(mail, stop) is not var (reader, newsletter)
            || !reader.Subscriptions.Any(subscription => subscription.NewsletterId == newsletter.Id && subscription.Status == SubscriptionStatus.Active))
            return new ComposedMail.Needless();
        var words = Phrases.For(reader.Language, newsletter.Language);
        (string, string) name = ("newsletter", newsletter.Name);
        var letter = new PersonalLetter
        {
            Newsletter = newsletter,
            Words = words,
            Subject = words.Text("mail.welcome.subject", name),
            Heading = words.Text("mail.welcome.subject", name),
            Before = [words.Text("mail.welcome.text")],
            Button = new LetterLink(words.Text("mail.welcome.button"), site.Archive(newsletter.Slug)),
            After = [words.Text("mail.welcome.after")],
            Links = [Preferences(reader.Id, words), Unsubscribe(newsletter, reader.Id, words)],
        };
        return Finish(mail, newsletter, letter, "welcome");
    }

    /// <summary>Sends readers the link to their preferences, unless they were forgotten or can't be mailed meanwhile.</summary>
    internal async Task<ComposedMail> PreferencesAsync(ClaimedMail mail, CancellationToken stop)
    {
        if (await FindAsync(mail, stop) is not var (reader, newsletter))
            return new ComposedMail.Needless();
        var words = Phrases.For(reader.Language, newsletter.Language);
        (string, string) name = ("newsletter", newsletter.Name);
        var letter = new PersonalLetter
        {
            Newsletter = newsletter,
            Words = words,
            Subject = words.Text("mail.preferences.subject", name),
            Heading = words.Text("preferences.title"),
            Before = [words.Text("mail.preferences.text")],
            Button = Preferences(reader.Id, words) with { Label = words.Text("mail.preferences.button") },
            After = [words.Text("mail.preferences.after")],
        };
        return Finish(mail, newsletter, letter, "preferences");
    }

    private PersonalLetter Confirmation(NewsletterProfile newsletter, Phrases words, long signUpId)
    {
        (string, string) name = ("newsletter", newsletter.Name);
        var token = new ConfirmToken(signUpId).Sign(keys, keys.ActiveKey);
        return new PersonalLetter
        {
            Newsletter = newsletter,
            Words = words,
            Subject = words.Text("mail.confirm.subject", name),
            Heading = words.Text("mail.confirm.heading"),
            Before = [words.Text("mail.confirm.text", name)],
            Button = new LetterLink(words.Text("mail.confirm.button"), site.Confirm(token)),
            After = [words.Text("mail.confirm.after", ("days", $"{options.ConfirmDays}"))],
            Links = [new LetterLink(words.Text("mail.confirm.not_me"), site.NotMe(token))],
        };
    }

    private async Task<PersonalLetter> KnownAsync(ClaimedMail mail, NewsletterProfile newsletter, Phrases words, CancellationToken stop)
    {
        (string, string) name = ("newsletter", newsletter.Name);
        var reader = (await subscribers.LookupAsync(mail.Address, stop) as AudienceOutcome<Subscriber>.Found)?.Value;
        var letter = new PersonalLetter
        {
            Newsletter = newsletter,
            Words = words,
            Subject = words.Text("mail.known.subject", name),
            Heading = words.Text("mail.known.subject", name),
            Before = [words.Text("mail.known.text", name)],
            Button = new LetterLink(words.Text("mail.welcome.button"), site.Archive(newsletter.Slug)),
            After = [words.Text("mail.known.after")],
        };
        // Only to the very address whose they are.
        return reader?.Address.Equals(mail.Address, StringComparison.OrdinalIgnoreCase) is true ? ForReader(letter, reader) : letter;
    }

    // Who has paused or gets the digest asks for something that they can have: their preferences are where.
    private PersonalLetter ForReader(PersonalLetter letter, Subscriber reader)
    {
        var (newsletter, words) = (letter.Newsletter, letter.Words);
        (string, string) name = ("newsletter", newsletter.Name);
        var preferences = Preferences(reader.Id, words);
        var unsubscribe = Unsubscribe(newsletter, reader.Id, words);
        var chosen = letter with { Button = preferences with { Label = words.Text("mail.preferences.button") }, After = [], Links = [unsubscribe] };
        return reader.Subscriptions.FirstOrDefault(subscription => subscription.NewsletterId == newsletter.Id) switch
        {
            { PausedUntil: { } until } => chosen with
            {
                Subject = words.Text("mail.known.paused.subject", name),
                Heading = words.Text("mail.known.paused.subject", name),
                Before = [words.Text("mail.known.paused.text", name, ("day", words.Day(DateOnly.FromDateTime(until.UtcDateTime))))],
            },
            { Frequency: "digest" } => chosen with { Before = [words.Text("mail.known.digest.text", name)] },
            _ => letter with { Links = [preferences, unsubscribe] },
        };
    }

    private LetterLink Preferences(long subscriberId, Phrases words) =>
        new(words.Text("mail.link.preferences"), site.Preferences(new PreferencesToken(subscriberId).Sign(keys, keys.ActiveKey)));

    private LetterLink Unsubscribe(NewsletterProfile newsletter, long subscriberId, Phrases words) =>
        new(words.Text("mail.link.unsubscribe"), site.Unsubscribe(new UnsubscribeToken(newsletter.Id, subscriberId, 0).Sign(keys, keys.ActiveKey)));

    // Null where they were forgotten or can't be mailed meanwhile.
    private async Task<(Subscriber Reader, NewsletterProfile Newsletter)?> FindAsync(ClaimedMail mail, CancellationToken stop)
    {
        var subscriberId = JsonSerializer.Deserialize<ReaderModel>(mail.Model)!.SubscriberId;
        return await subscribers.GetAsync(subscriberId, stop) is { } reader && await newsletters.GetAsync(mail.NewsletterId ?? 0, stop) is { } newsletter
            && !(EmailAddress.TryParse(reader.Address, out var address) && await suppressions.FindAsync(address, stop) is not null)
            ? (reader, newsletter)
            : null;
    }

    private static ComposedMail.Ready Finish(ClaimedMail mail, NewsletterProfile newsletter, PersonalLetter letter, string kind)
    {
        var message = MessageCompiler.CompilePersonal(letter.ToMail(mail.CreatedAt)).Fill(new Recipient
        {
            Address = mail.Address,
            MessageId = $"{kind}.{mail.Id}.{mail.Nonce}@{newsletter.SenderDomain()}",
            UnsubscribeUrl = "",
        });
        return new ComposedMail.Ready(new OutgoingMail { Sender = newsletter.FromAddress, Recipient = mail.Address, Message = message });
    }
}
