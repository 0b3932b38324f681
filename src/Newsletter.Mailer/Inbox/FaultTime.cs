using System.Buffers;
using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>Times as a script says them: a number and its unit.</summary>
internal static class FaultTime
{
    /// <summary>What a person may write for one.</summary>
    public const string Form = "a time such as 250ms, 1.5s or 10m (us, ms, s, m, h; a day at most)";

    private static readonly SearchValues<char> number = SearchValues.Create("0123456789.");

    private static readonly (string Unit, TimeSpan Length)[] units =
    [
        ("h", TimeSpan.FromHours(1)),
        ("m", TimeSpan.FromMinutes(1)),
        ("s", TimeSpan.FromSeconds(1)),
        ("ms", TimeSpan.FromMilliseconds(1)),
        ("us", TimeSpan.FromMicroseconds(1)),
    ];

    /// <summary>The time; null where the text is none.</summary>
    public static TimeSpan? Parse(string text)
    {
        var digits = text.AsSpan().IndexOfAnyExcept(number);
        if (digits <= 0 || Array.Find(units, unit => text.AsSpan(digits).SequenceEqual(unit.Unit)) is not { Unit: not null } unit)
            return null;
        if (!decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount > 100_000_000_000)
            return null;
        var ticks = amount * unit.Length.Ticks;
        return ticks <= TimeSpan.TicksPerDay ? new TimeSpan((long)ticks) : null;
    }

    /// <summary>In the largest unit of which it is a whole number; else in microseconds.</summary>
    public static string Format(TimeSpan time)
    {
        var (unit, length) = Array.Find(units, unit => time.Ticks % unit.Length.Ticks == 0 && time > TimeSpan.Zero) is { Unit: not null } whole ? whole : units[^1];
        return string.Create(CultureInfo.InvariantCulture, $"{(decimal)time.Ticks / length.Ticks:0.#}{unit}");
    }
}
