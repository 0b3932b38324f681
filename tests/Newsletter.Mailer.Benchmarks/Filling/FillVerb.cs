using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Newsletter.Mailer.Benchmarks.Filling;

/// <summary><c>fill</c>: what one reader's message costs before a byte is sent.</summary>
internal static class FillVerb
{
    public static Command Create()
    {
        var command = new Command("fill", "Fill a 60 KB message for one reader, sign its link, sort a relay's reply (BenchmarkDotNet).");
        command.SetAction(_ =>
        {
            // In this process: the house's build settings (warnings are errors) are not for generated projects.
            var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)).WithOptions(ConfigOptions.DisableLogFile);
            BenchmarkRunner.Run<MessageBenchmarks>(config.WithArtifactsPath(Path.Combine(Path.GetTempPath(), "newsletter-benchmarkdotnet")));
            return 0;
        });
        return command;
    }
}
