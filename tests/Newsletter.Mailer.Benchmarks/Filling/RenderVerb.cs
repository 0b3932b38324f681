using System.CommandLine;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace Newsletter.Mailer.Benchmarks.Filling;

/// <summary><c>render</c>: what an edition costs once, whoever reads it.</summary>
internal static class RenderVerb
{
    public static Command Create()
    {
        var command = new Command("render", "Render and compile the sample edition with three kinds of readers, and fill it for one of each (BenchmarkDotNet).");
        command.SetAction(_ =>
        {
            var config = DefaultConfig.Instance.AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance)).WithOptions(ConfigOptions.DisableLogFile);
            BenchmarkRunner.Run<RenderBenchmarks>(config.WithArtifactsPath(Path.Combine(Path.GetTempPath(), "newsletter-benchmarkdotnet")));
            return 0;
        });
        return command;
    }
}
