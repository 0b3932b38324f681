using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>How long the real audience would take, by what was measured and by what the relays allow.</summary>
/// <param name="Audience">Readers.</param>
/// <param name="Time">From the first message to the last first try.</param>
/// <param name="LimitedBy">What is slowest: <c>rate</c> (as measured here), <c>messages_per_second</c> or <c>messages_per_day</c> of the relays.</param>
internal sealed record Forecast(long Audience, TimeSpan Time, string LimitedBy)
{
    /// <summary>Null where nothing could be measured.</summary>
    /// <param name="audience">Readers.</param>
    /// <param name="rate">Messages a second, as measured.</param>
    /// <param name="caps">Of all relays together.</param>
    public static Forecast? Of(long audience, double? rate, RelayCaps caps)
    {
        if (rate is not > 0)
            return null;
        var capped = caps.PerSecond is { } most && most < rate;
        var speed = capped ? caps.PerSecond!.Value : rate.Value;
        var onOneDay = audience / speed;
        // A day's allowance is sent at that speed, and the rest waits for the next day.
        if (caps.PerDay is { } perDay && audience > perDay && perDay / speed < TimeSpan.SecondsPerDay)
        {
            var days = (audience - 1) / perDay;
            return new Forecast(audience, TimeSpan.FromDays(days) + TimeSpan.FromSeconds((audience - (days * perDay)) / speed), "messages_per_day");
        }

        return new Forecast(audience, TimeSpan.FromSeconds(onOneDay), capped ? "messages_per_second" : "rate");
    }
}
