namespace Newsletter.Mailer.Host.Wiring;

/// <summary>In every worker: a reader for each mailbox. Which of several workers reads one, their lease decides.</summary>
internal sealed class MailboxWatch(IServiceProvider services) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(services.MailboxReaders().Select(reader => Task.Run(() => reader.RunAsync(stoppingToken), CancellationToken.None)));
}
