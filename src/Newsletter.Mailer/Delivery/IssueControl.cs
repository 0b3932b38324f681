namespace Newsletter.Mailer.Delivery;

/// <summary>What became of a wish to pause, resume or cancel.</summary>
public enum IssueChange
{
    Done,
    NoSuchIssue,

    /// <summary>Its state forbids it.</summary>
    WrongState,

    /// <summary>There is no such state to ask for.</summary>
    UnknownState,
}

/// <summary>What a person may do to an issue: pause, resume, cancel. It takes effect with the next message.</summary>
public sealed class IssueControl(IssueStore issues)
{
    /// <summary>Asks for <c>paused</c>, <c>sending</c> or <c>cancelled</c>; asking for the state it is in is no error.</summary>
    /// <returns>What became of it, and the state the issue has now.</returns>
    public async Task<(IssueChange Change, string? State)> ChangeAsync(long id, string wanted, CancellationToken stop)
    {
        var done = wanted switch
        {
            "paused" => await issues.PauseAsync(id, "Paused by hand.", stop),
            "sending" => await issues.ResumeAsync(id, stop),
            "cancelled" => await issues.BeginCancelAsync(id, stop),
            _ => (bool?)null,
        };
        if (done is null)
            return (IssueChange.UnknownState, null);
        var state = await issues.StateOf(id, stop);
        if (state is null)
            return (IssueChange.NoSuchIssue, null);
        var there = state == wanted || (wanted == "cancelled" && state == "cancelling");
        return (done.Value || there ? IssueChange.Done : IssueChange.WrongState, state);
    }
}
