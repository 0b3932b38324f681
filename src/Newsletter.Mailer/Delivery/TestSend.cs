using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;
using Newsletter.Mailer.Preflight;
using Newsletter.Mailer.Rendering;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Delivery;

/// <summary>Test sends: an edition as it stands, to a few addresses, marked as a test, counted nowhere.</summary>
public sealed class TestSend(OutboxStore outbox, EditionStore editions, NewsletterStore newsletters, ScheduleStore schedule, KeyRing keys, PublicSite site)
{
    /// <summary>Kind of these mails in the outbox: a wire format.</summary>
    public const string Kind = "test_send";

    /// <summary>Puts a test send to each address into the outbox.</summary>
    /// <returns>Their outbox ids, or why the edition can't be sent.</returns>
    public async Task<TestSendOutcome> PutAsync(long editionId, IReadOnlyCollection<EmailAddress> addresses, CancellationToken stop)
    {
        if (await editions.FindAsync(editionId, stop) is not { } edition)
            return new TestSendOutcome.NoSuchEdition();
        if (await ReadAsync(edition, edition.UpdatedAt, stop) is EditionReadiness.NotReady notReady)
            return new TestSendOutcome.NotReady(notReady.Problems);
        var model = JsonSerializer.Serialize(new Model(editionId));
        // Whoever asks again after an error must not mail the first few twice.
        return new TestSendOutcome.Put(await outbox.PutAsync(
            addresses.Select(address => new OutboxMail { Kind = Kind, Address = address.Value, NewsletterId = edition.NewsletterId, Model = model }), stop));
    }

    /// <summary>The finished message; or why there can be none any more.</summary>
    internal async Task<ComposedMail> ComposeAsync(ClaimedMail mail, CancellationToken stop)
    {
        var model = JsonSerializer.Deserialize<Model>(mail.Model)!;
        if (await editions.FindAsync(model.EditionId, stop) is not { } edition)
            return new ComposedMail.Impossible("The edition was deleted.");
        var readiness = await ReadAsync(edition, mail.CreatedAt, stop);
        if (readiness is EditionReadiness.NotReady notReady)
            return new ComposedMail.Impossible(string.Join(" ", notReady.Problems));

        var newsletter = (await newsletters.GetAsync(edition.NewsletterId, stop))!;
        var domain = newsletter.SenderDomain();
        // Subscriber 0 exists nowhere: the links work as pages, and neither unsubscribe anybody nor count a vote.
        var token = new UnsubscribeToken(newsletter.Id, 0, 0).Sign(keys, keys.ActiveKey);
        var reader = new Recipient
        {
            Address = mail.Address,
            MessageId = $"test.{mail.Id}.{mail.Nonce}@{domain}",
            UnsubscribeUrl = site.Unsubscribe(token),
            VoteToken = new VoteToken(0, 0).Sign(keys, keys.ActiveKey),
        };
        // The variant that shows everything: what its author wants to look at.
        var message = MessageCompiler.CompileTest(((EditionReadiness.Ready)readiness).Rendered.Variants[^1], mail.CreatedAt).Fill(reader);
        return new ComposedMail.Ready(new OutgoingMail { Sender = newsletter.FromAddress, Recipient = mail.Address, Message = message });
    }

    private async Task<EditionReadiness> ReadAsync(Edition edition, DateTimeOffset date, CancellationToken stop)
    {
        var newsletter = (await newsletters.GetAsync(edition.NewsletterId, stop))!;
        var attributes = await AttributesUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var segments = await SegmentsUsedBy.EditionAsync(edition.Source, newsletter.Id, schedule, stop);
        var pictures = await PicturesUsedBy.EditionAsync(edition.Source, edition.Id, newsletter, schedule, site, stop);
        return EditionReadiness.Check(edition.Source, newsletter, site.Url, date, attributes, edition.Number, segments, isTest: true, pictures: pictures);
    }

    private sealed record Model(long EditionId);
}

/// <summary>What became of a wish to test an edition.</summary>
public abstract record TestSendOutcome
{
    private TestSendOutcome()
    {
    }

    /// <summary>In the outbox: a job is to be started for each id.</summary>
    public sealed record Put(IReadOnlyList<long> OutboxIds) : TestSendOutcome;

    public sealed record NoSuchEdition : TestSendOutcome;

    /// <summary>The edition can't be sent as it stands; each problem says where and what to do.</summary>
    public sealed record NotReady(IReadOnlyList<string> Problems) : TestSendOutcome;
}
