namespace Newsletter.Mailer.Delivery;

/// <summary>
/// A relay whose address is new to the world begins with few messages a day and doubles, or nearly, until it is trusted:
/// on the n-th day after the start <c>min(cap, first × growth^n)</c>, for so many days, and then no more limit of this kind.
/// </summary>
/// <param name="Start">The first day (UTC). Before it nothing is sent.</param>
/// <param name="First">Messages on that day.</param>
/// <param name="Growth">Factor from one day to the next.</param>
/// <param name="Cap">The most in a day while it lasts; null: no such limit.</param>
/// <param name="Days">How many days it lasts.</param>
public sealed record WarmUp(DateOnly Start, int First, double Growth, int? Cap, int Days)
{
    /// <summary>Messages allowed on a day (UTC); null once it has ended.</summary>
    public int? AllowanceOn(DateOnly day)
    {
        var n = day.DayNumber - Start.DayNumber;
        if (n < 0)
            return 0;
        if (n >= Days)
            return null;
        var grown = Math.Min(First * Math.Pow(Growth, n), int.MaxValue);
        return Math.Min(Cap ?? int.MaxValue, (int)grown);
    }
}
