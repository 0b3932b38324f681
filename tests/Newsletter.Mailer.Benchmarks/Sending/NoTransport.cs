using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>A relay without a wire: it accepts whatever it is given at once.</summary>
internal sealed class NoTransport : IMailTransport
{
    public Task<ConnectOutcome> ConnectAsync(Relay relay, CancellationToken stop) =>
        Task.FromResult<ConnectOutcome>(new ConnectOutcome.Connected(new Connection()));

    private sealed class Connection : IMailConnection
    {
        private static readonly Task<SendOutcome> Taken =
            Task.FromResult<SendOutcome>(new SendOutcome.Accepted(new SmtpReply(250, "2.0.0", "Ok: queued as 4F2A1B3C4D"), "4F2A1B3C4D"));

        public bool IsUsable => true;

        public Task<SendOutcome> SendAsync(OutgoingMail mail) => Taken;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
