using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary>What <c>send</c> found, for people and for scripts. Ratios are taken round by round; every figure is the median of its rounds.</summary>
internal sealed class SendReport(SendSettings settings, IReadOnlyList<SendRound> rounds, string sink, long messageBytes, int? nodemailerBytes)
{
    public static string Line(int number, SendRound round) => Figures.Invariant(
        $"round {number} (load {round.Load:0.0}): smtp-source {round.Source:0}/s, ours {round.Ours:0}/s{Beside("without recording", round.Unrecorded)}{Beside("nodemailer", round.Nodemailer)}{Beside("RSA-2048 signatures on one core", round.Signatures)}, CPU {round.Process.CpuSeconds / round.Process.Seconds:0.00} of a core");

    public void Write()
    {
        Console.WriteLine(Figures.Invariant($"{settings.Messages} messages a round, {settings.Rounds} rounds, {settings.Connections} connections, to {sink}; {Machine.Describe()}"));
        Console.WriteLine(Figures.Invariant($"message: {messageBytes} bytes, ours; {BenchmarkIssue.MessageBytes}, smtp-source{(nodemailerBytes is { } bytes ? $"; {bytes}, nodemailer" : "")}"));
        Row("smtp-source, messages/s", Of(round => round.Source), "0");
        Row("ours, messages/s", Of(round => round.Ours), "0");
        Row("nodemailer, messages/s", Of(round => round.Nodemailer), "0");
        Row("ours ÷ smtp-source", ToSource, "0.00");
        Row("ours ÷ nodemailer", ToNodemailer, "0.0");
        Row("RSA-2048 signatures/s on one core", Of(round => round.Signatures), "0");
        Row("ours ÷ (cores × signatures/s)", ToSignatures, "0.00");
        Row("CPU a message, our process, µs", CpuPerMessage, "0");
        Row("CPU a message, PostgreSQL, µs", PostgresCpuPerMessage, "0");
        Row("allocated a message, bytes", AllocatedPerMessage, "0");
        Row("gen-2 collections a round", Of(round => round.Process.Gen2Collections), "0");
        Row("peak memory, MB", Peak, "0");
        Row("without recording, messages/s", Of(round => round.Unrecorded), "0");
        Row("recording costs of throughput, %", RecordingCost * 100, "0.0");
    }

    public object ToJson() => new
    {
        RatioToSmtpSource = Figures.Rounded(ToSource, 3),
        RatioToNodemailer = Figures.Rounded(ToNodemailer),
        RatioToSignatures = Figures.Rounded(ToSignatures, 3),
        SignaturesPerSecondAndCore = Figures.Rounded(Of(round => round.Signatures), 0),
        settings.Dkim,
        CpuUsPerMessage = Figures.Rounded(CpuPerMessage, 0),
        PeakMemoryMb = Figures.Rounded(Peak, 0),
        MessagesPerSecond = Figures.Rounded(Of(round => round.Ours), 0),
        SmtpSourcePerSecond = Figures.Rounded(Of(round => round.Source), 0),
        NodemailerPerSecond = Figures.Rounded(Of(round => round.Nodemailer), 0),
        PostgresCpuUsPerMessage = Figures.Rounded(PostgresCpuPerMessage, 0),
        AllocatedBytesPerMessage = Figures.Rounded(AllocatedPerMessage, 0),
        Gen2Collections = Figures.Rounded(Of(round => round.Process.Gen2Collections), 0),
        UnrecordedPerSecond = Figures.Rounded(Of(round => round.Unrecorded), 0),
        RecordingCost = Figures.Rounded(RecordingCost, 3),
        MessageBytes = messageBytes,
        settings.Messages,
        settings.Rounds,
        settings.Connections,
        DelayMs = settings.Delay.TotalMilliseconds,
        settings.Chunking,
        Load = Figures.Rounded(Of(round => round.Load), 1),
        Cores = Environment.ProcessorCount,
    };

    private double? ToSource => Of(round => round.Ours / round.Source);

    private double? ToNodemailer => Of(round => round.Ours / round.Nodemailer);

    private double? ToSignatures => Of(round => round.Ours / (round.Signatures * Environment.ProcessorCount));

    private double? CpuPerMessage => Of(round => round.Process.CpuSeconds * 1_000_000 / settings.Messages);

    private double? PostgresCpuPerMessage => Of(round => round.PostgresCpuSeconds * 1_000_000 / settings.Messages);

    private double? AllocatedPerMessage => Of(round => (double)round.Process.AllocatedBytes / settings.Messages);

    private double? Peak => Of(round => round.Process.PeakMemoryMb);

    private double? RecordingCost => Of(round => 1 - (round.Ours / round.Unrecorded));

    private double? Of(Func<SendRound, double?> figure) => Figures.Median(rounds.Select(figure).OfType<double>());

    private static string Beside(string name, double? rate) => rate is { } known ? Figures.Invariant($", {name} {known:0}/s") : "";

    private static void Row(string name, double? value, string format)
    {
        if (value is { } known)
            Console.WriteLine($"  {name,-36} {known.ToString(format, System.Globalization.CultureInfo.InvariantCulture),10}");
    }
}
