using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Inbox;

/// <summary>What every connection of an inbox shares.</summary>
internal sealed record SessionContext(
    InboxOptions Options,
    TimeProvider Clock,
    ILogger Log,
    ReceivedMessages Messages,
    SegmentPool Pool,
    X509Certificate2? Certificate,
    Func<FaultRun> Faults,
    Func<int> NextMessage);

/// <summary>One SMTP connection (RFC 5321), from greeting to close.</summary>
internal sealed partial class SmtpSession : IDisposable
{
    private readonly int number;
    private readonly SessionContext shared;
    private readonly InboxOptions options;
    private readonly CancellationToken stop;
    private readonly Deadline deadline;
    private readonly SmtpWire wire;
    private readonly IncomingMessage message;
    private readonly DotUnstuffer unstuffer = new();
    private readonly SmtpParameters parameters;

    private bool open = true;
    private bool extended;
    private string? clientName;
    private string? user;
    private Envelope? envelope;
    private FaultRule? bodyFault;
    private int messageNumber;
    private int messagesOfConnection;
    private int errors;
    private int commands;

    public SmtpSession(int number, Socket socket, SessionContext shared, CancellationToken stop)
    {
        this.number = number;
        this.shared = shared;
        this.stop = stop;
        options = shared.Options;
        deadline = new Deadline(options.IdleTimeout, shared.Clock, stop);
        wire = new SmtpWire(socket, deadline);
        message = new IncomingMessage(shared.Pool, options.KeptBodies == 0 ? 0 : options.KeptBodyBytes, options.MaxMessageBytes);
        parameters = new SmtpParameters(options);
    }

    public async Task RunAsync()
    {
        try
        {
            if (options.ImplicitTls)
                await wire.SecureAsync(shared.Certificate!);

            await GreetAsync();
            while (open)
                await TakeCommandAsync();
        }
        catch (OperationCanceledException)
        {
            await TurnOutAsync();
        }
        catch (Exception lost) when (lost is IOException or SocketException or AuthenticationException)
        {
            InboxLog.ConnectionLost(shared.Log, number, lost.GetType().Name);
        }
    }

    /// <summary>Turns a connection away that is one too many.</summary>
    public async Task RefuseAsync()
    {
        try
        {
            wire.Write(InboxReply.TooManyConnections, options.EnhancedStatusCodes);
            await wire.CloseAsync();
        }
        catch (Exception lost) when (lost is IOException or SocketException or OperationCanceledException)
        {
            InboxLog.ConnectionLost(shared.Log, number, lost.GetType().Name);
        }
    }

    public void Dispose()
    {
        wire.Dispose();
        deadline.Dispose();
        message.Dispose();
    }

    private async Task GreetAsync()
    {
        var said = await AnswerAsync(FaultPoint.Connect, new InboxReply(220, $"{options.HostName} ESMTP the built-in inbox"));
        // RFC 5321 §3.1 lets a refusing server wait for QUIT; most close, and so does this.
        if (open && said is not { IsPositive: true })
            await CloseAsync();
    }

    private async Task TakeCommandAsync()
    {
        var line = await wire.ReadLineAsync(options.MaxCommandBytes);
        switch (line.End)
        {
            case LineEnd.Closed:
                open = false;
                break;
            case LineEnd.TooLong:
                await AnswerAsync(FaultPoint.Other, InboxReply.LineTooLong);
                break;
            case LineEnd.BareLineFeed:
                await AnswerAsync(FaultPoint.Other, InboxReply.BareLineFeed);
                break;
            default:
                await ObeyAsync(line.Text);
                break;
        }

        if (open && errors >= options.MaxErrors)
            await AnswerAsync(FaultPoint.Other, InboxReply.TooManyErrors);
        else if (open && ++commands > options.MaxCommandsWithoutMessage)
            await AnswerAsync(FaultPoint.Other, InboxReply.TooManyCommands);
    }

    /// <summary>Gives a reply, or what the script puts in its place.</summary>
    /// <returns>What the client was told; null when it was told nothing.</returns>
    private ValueTask<InboxReply?> AnswerAsync(FaultPoint point, InboxReply reply, string? recipient = null)
    {
        if (reply.IsProtocolError)
            errors++;

        return PlayAsync(FaultAt(point, recipient), reply);
    }

    private FaultAction? FaultAt(FaultPoint point, string? recipient = null)
    {
        var rule = shared.Faults().Next(point, Context(recipient));
        if (rule is not null)
            InboxLog.FaultPlayed(shared.Log, number, rule.CountedAs);
        return rule?.Action;
    }

    private FaultContext Context(string? recipient = null) => envelope is null
        ? new FaultContext(number, 0, 0, null, [])
        : new FaultContext(number, messageNumber, messagesOfConnection, envelope.Sender, recipient is null ? envelope.Recipients : [recipient]);

    private async ValueTask<InboxReply?> PlayAsync(FaultAction? fault, InboxReply ordinary)
    {
        var reply = fault?.Reply ?? ordinary;
        if (fault is not null)
        {
            // What was answered before must not wait for this one.
            await wire.FlushAsync();
            if (fault.Delay > TimeSpan.Zero)
                await Task.Delay(fault.Delay, shared.Clock, stop);
            if (fault.EndsUnanswered)
                return await LeaveUnansweredAsync(fault.Ending);
        }

        wire.Write(reply, options.EnhancedStatusCodes);
        if (fault?.BytePace > TimeSpan.Zero)
            await wire.TrickleAsync(fault.BytePace, shared.Clock, stop);
        if (reply.Code == 421 || fault?.Ending == FaultEnding.Close)
            await CloseAsync();
        return reply;
    }

    private async Task<InboxReply?> LeaveUnansweredAsync(FaultEnding ending)
    {
        open = false;
        if (ending == FaultEnding.Silent)
            await wire.SwallowAsync(stop);
        else if (ending == FaultEnding.Reset)
            wire.ResetOnClose();
        return null;
    }

    private async Task CloseAsync()
    {
        open = false;
        await wire.CloseAsync();
    }

    /// <summary>Ends a connection that was idle for too long, or is open while the server stops.</summary>
    private async Task TurnOutAsync()
    {
        try
        {
            if (open)
                await wire.FarewellAsync(stop.IsCancellationRequested ? InboxReply.Stopping : InboxReply.Idle, options.EnhancedStatusCodes);
        }
        catch (Exception lost) when (lost is IOException or SocketException or OperationCanceledException or InvalidOperationException)
        {
            InboxLog.ConnectionLost(shared.Log, number, lost.GetType().Name);
        }
    }
}
