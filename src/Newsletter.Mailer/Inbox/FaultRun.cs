using System.Collections.Concurrent;
using System.Globalization;

namespace Newsletter.Mailer.Inbox;

/// <summary>A script being played: the script and how often each of its rules occurred and fired.</summary>
internal sealed class FaultRun(FaultScript script)
{
    private readonly ConcurrentDictionary<(int Rule, string Key), int> occurrences = new();
    private readonly int[] fired = new int[script.Rules.Length];

    /// <summary>The rule that fires here; null: the inbox behaves. Counts one occurrence for each rule asked.</summary>
    public FaultRule? Next(FaultPoint point, in FaultContext context)
    {
        for (var i = 0; i < script.Rules.Length; i++)
        {
            var rule = script.Rules[i];
            if (!IsAbout(rule, point) || !context.Meets(rule) || !rule.FiresAt(Occurrence(i, rule, context)))
                continue;

            Interlocked.Increment(ref fired[i]);
            return rule;
        }

        return null;
    }

    /// <summary>How often the rules of that name fired.</summary>
    public int TimesFired(string name) =>
        Enumerable.Range(0, fired.Length).Where(i => script.Rules[i].CountedAs == name).Sum(i => Volatile.Read(ref fired[i]));

    private static bool IsAbout(FaultRule rule, FaultPoint point) =>
        rule.Point == point || (rule.Point == FaultPoint.Any && point != FaultPoint.Body);

    private int Occurrence(int index, FaultRule rule, in FaultContext context)
    {
        var key = rule.Scope switch
        {
            FaultScope.Connection => context.Connection.ToString(CultureInfo.InvariantCulture),
            FaultScope.Recipient => Recipient(rule, context),
            _ => "",
        };
        return occurrences.AddOrUpdate((index, key), 1, (_, seen) => seen + 1);
    }

    private static string Recipient(FaultRule rule, in FaultContext context) =>
        (context.Recipients.FirstOrDefault(to => rule.Recipient?.Invoke(to) != false) ?? "").ToUpperInvariant();
}
