using System.Text.Json;
using Newsletter.Mailer.Feedback.Bounces;
using Newsletter.Mailer.Testing;
using Xunit.Abstractions;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>Agreement with the verdicts on 143 real mails, read from the shared folder.</summary>
[Trait("Category", "Shared")]
public sealed class BounceSamplesTests(ITestOutputHelper output)
{
    [SharedFact]
    public void WeAgreeWithTheVerdictsOnRealMail()
    {
        var verdicts = Verdicts();
        var readings = verdicts.Select(verdict => verdict.File).Distinct()
            .ToDictionary(file => file, file => BounceReader.Read(File.ReadAllBytes(SharedFolder.Of("data", "bounces", "mail", file))));
        var pairs = verdicts.ConvertAll(verdict => (Verdict: verdict, Reading: readings[verdict.File].ElementAtOrDefault(verdict.Index - 1)));
        var withStatus = pairs.FindAll(pair => !IsTheirOwn(pair.Verdict.Status));

        var kind = Share(pairs, pair => pair.Reading?.Kind == pair.Verdict.Kind);
        var reason = Share(pairs, pair => pair.Reading?.Reason == pair.Verdict.Reason);
        var status = Share(withStatus, pair => pair.Reading?.Status == pair.Verdict.Status);

        output.WriteLine(FormattableString.Invariant($"{pairs.Count} verdicts: kind {kind:p1}, reason {reason:p1}, status {status:p1} (of {withStatus.Count})"));
        Assert.True(kind >= 0.98 && reason >= 0.93 && status >= 0.93, FormattableString.Invariant($"kind {kind:p1}, reason {reason:p1}, status {status:p1}"));
    }

    [SharedFact]
    public void WhatIsNoBounceIsLeftAlone() =>
        Assert.All(Directory.GetFiles(SharedFolder.Of("data", "bounces", "not-bounces")), file => Assert.Empty(BounceReader.Read(File.ReadAllBytes(file))));

    private static double Share(List<(Verdict Verdict, BounceReading? Reading)> pairs, Predicate<(Verdict Verdict, BounceReading? Reading)> agrees) =>
        (double)pairs.FindAll(agrees).Count / pairs.Count;

    // x.x.9nn is the reference's own way of saying that there is no status.
    private static bool IsTheirOwn(string status) => status.Split('.') is [_, _, ['9', _, _]];

    private static List<Verdict> Verdicts()
    {
        using var file = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Of("data", "bounces", "expected.json")));
        return [.. file.RootElement.EnumerateArray().Select(entry => new Verdict(
            entry.GetProperty("file").GetString()!,
            entry.GetProperty("index").GetInt32(),
            entry.GetProperty("status").GetString()!,
            entry.GetProperty("reason").GetString()!,
            entry.GetProperty("hardBounce").GetBoolean(),
            entry.GetProperty("feedbackType").GetString()!))];
    }

    private sealed record Verdict(string File, int Index, string Status, string Reason, bool HardBounce, string FeedbackType)
    {
        public BounceKind Kind => Reason switch
        {
            "feedback" => FeedbackType == "auth-failure" ? BounceKind.Other : BounceKind.Complaint,
            "vacation" => BounceKind.AutoReply,
            "delivered" => BounceKind.Other,
            _ => HardBounce ? BounceKind.Hard : BounceKind.Soft,
        };
    }
}
