using System.Net;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Doctor;
using Newsletter.Mailer.Feedback;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Smtp;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>The room Doctor: which checks there are depends on the newsletters and relays there are.</summary>
internal static class DoctorWiring
{
    public static IServiceCollection AddDoctor(this IServiceCollection services) => services.AddSingleton<InstallationStore>().AddSingleton<KeyBackupStore>();

    /// <summary>All checks, for what is set up now.</summary>
    /// <param name="rooms">With the database open.</param>
    /// <param name="nameServer">Asked in the place of the machine's own; null: its own.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<Examination> ExaminationAsync(IServiceProvider rooms, IPEndPoint? nameServer, CancellationToken stop)
    {
        var newsletters = await NewslettersAsync(rooms.GetRequiredService<NewsletterStore>(), stop);
        string[] senders = [.. newsletters.Select(newsletter => newsletter.SenderDomain()).Distinct(StringComparer.OrdinalIgnoreCase)];
        var bounceDomain = rooms.GetRequiredService<DeliveryOptions>().BounceAddress is { } address ? address[(address.LastIndexOf('@') + 1)..] : null;
        string[] envelopes = bounceDomain is null ? senders : [bounceDomain];
        var (dns, clock, keys) = (new DnsRecords(nameServer), rooms.GetRequiredService<TimeProvider>(), rooms.GetRequiredService<KeyRing>());
        var (relays, dkim) = (await RelaysAsync(rooms, stop), await rooms.GetRequiredService<DkimKeyStore>().ListAsync(stop));
        var (installation, folder) = (rooms.GetRequiredService<InstallationStore>(), DataFolder.Resolve(rooms.GetRequiredService<IOptions<SiteOptions>>().Value.DataFolder));
        var ringFile = Path.Combine(folder, KeyRingWiring.File);
        var ofFile = rooms.GetRequiredService<IOptions<LinkKeyOptions>>().Value.Keys.Count == 0;
        return new Examination(
        [
            new SpfCheck(dns, envelopes, relays),
            new DkimCheck(dns, dkim, senders, clock),
            new DmarcCheck(dns, dkim, senders, bounceDomain),
            new BounceDomainCheck(dns, envelopes, bounceDomain is not null),
            new RelayCheck(dns, new RelayProbe(rooms.GetRequiredService<SmtpTransport>()), relays, clock),
            new FeedbackCheck(
                rooms.GetRequiredService<MailboxStore>(),
                [.. rooms.GetRequiredService<IOptions<FeedbackOptions>>().Value.Mailboxes.Select(mailbox => mailbox.Name)],
                rooms.GetRequiredService<RelayAlarmStore>(),
                clock),
            new ReputationCheck(rooms.GetRequiredService<ReputationStore>()),
            new PublicSiteCheck(rooms.GetRequiredService<PublicSite>(), keys, newsletters.Count > 0 ? newsletters[0].Id : null, clock),
            new DatabaseCheck(installation, clock),
            new DiskCheck(installation, folder),
            new QueueCheck(installation),
            new KeyBackupCheck(rooms.GetRequiredService<KeyBackupStore>(), keys, ofFile ? ringFile : null),
        ]);
    }

    // The built-in inbox is the server's own: it is looked at, not started.
    private static async Task<IReadOnlyList<Relay>> RelaysAsync(IServiceProvider rooms, CancellationToken stop)
    {
        var inbox = rooms.GetRequiredService<IOptions<InboxSettings>>().Value;
        if (inbox.Enabled)
            return [new Relay { Id = 0, Name = "inbox", Host = "127.0.0.1", Port = inbox.Port, Security = RelaySecurity.None }];
        var directory = await RelayDirectory.LoadAsync(
            rooms.GetRequiredService<DeliveryOptions>(), rooms.GetRequiredService<RelayStore>(), rooms.GetRequiredService<KeyRing>(), rooms.GetRequiredService<PublicSite>().Url.Host, stop);
        return directory.Relays;
    }

    private static async Task<IReadOnlyList<NewsletterProfile>> NewslettersAsync(NewsletterStore store, CancellationToken stop)
    {
        var all = new List<NewsletterProfile>();
        var cursor = Cursor.Start;
        while (true)
        {
            var page = await store.ListAsync(new PageRequest(cursor, PageRequest.MaxLimit), stop);
            all.AddRange(page.Items);
            if (page.Next is null || !Cursor.TryParse(page.Next, out cursor))
                return all;
        }
    }
}
