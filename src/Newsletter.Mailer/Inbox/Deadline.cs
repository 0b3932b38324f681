namespace Newsletter.Mailer.Inbox;

/// <summary>The time a connection has for its next byte, begun anew for each, and ended early when the server stops.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly TimeSpan time;
    private readonly CancellationTokenSource source;
    private readonly CancellationTokenRegistration registration;

    public Deadline(TimeSpan time, TimeProvider clock, CancellationToken stop)
    {
        this.time = time;
        source = new CancellationTokenSource(time, clock);
        registration = stop.UnsafeRegister(static state => ((CancellationTokenSource)state!).Cancel(), source);
    }

    public CancellationToken Restart()
    {
        source.CancelAfter(time);
        return source.Token;
    }

    public void Dispose()
    {
        registration.Dispose();
        source.Dispose();
    }
}
