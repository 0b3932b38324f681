using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Scheduling;

/// <summary>What became of a wish to schedule an edition.</summary>
public abstract record ScheduleOutcome
{
    private ScheduleOutcome()
    {
    }

    /// <summary>It goes out then; <see cref="LocalTime.Note"/> says what a change of the clocks did.</summary>
    public sealed record Scheduled(LocalTime When) : ScheduleOutcome;

    /// <summary>It goes out now: a publish job is to be started for it.</summary>
    public sealed record PublishingNow : ScheduleOutcome;

    public sealed record Unscheduled : ScheduleOutcome;

    public sealed record NoSuchEdition : ScheduleOutcome;

    /// <summary>Its state forbids it.</summary>
    public sealed record WrongState(EditionState State) : ScheduleOutcome;

    /// <summary>Somebody changed it in the same moment: look again.</summary>
    public sealed record ChangedMeanwhile : ScheduleOutcome;

    /// <summary>A field of the request is wrong.</summary>
    public sealed record Invalid(string Field, string Problem) : ScheduleOutcome;

    /// <summary>The edition can't be sent as it stands; each problem says where and what to do.</summary>
    public sealed record NotReady(IReadOnlyList<string> Problems) : ScheduleOutcome;
}
