using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;
using Newsletter.Mailer.Benchmarks.Data;
using Newsletter.Mailer.Benchmarks.Fairness;
using Newsletter.Mailer.Benchmarks.Filling;
using Newsletter.Mailer.Benchmarks.Reading;
using Newsletter.Mailer.Benchmarks.Sending;
using Newsletter.Mailer.Benchmarks.SigningUp;
using Newsletter.Mailer.Benchmarks.Webhooks;
using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Benchmarks;

/// <summary>The benchmarks, a verb each, and what a person reads when one can't be run.</summary>
internal static class BenchmarkVerbs
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("How fast Newsletter.Mailer is, measured beside what else there is. Build with -c Release.")
        {
            SendVerb.Create(), FreezeVerb.Create(), ImportVerb.Create(), ExportVerb.Create(), ClaimVerb.Create(), MemoryVerb.Create(), FillVerb.Create(), RenderVerb.Create(), SenderVerb.Create(),
            FairnessVerb.Create(), SignUpsVerb.Create(), WebhooksVerb.Create(), ReadingVerb.Create(), PicturesVerb.Create(),
        };
        try
        {
            return await root.Parse(args).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
        }
        catch (Exception e) when (e is BenchmarkException or DatabaseUnavailableException or OperationCanceledException)
        {
            await Console.Error.WriteLineAsync(e is OperationCanceledException ? "Interrupted." : e.Message);
            return 1;
        }
    }
}
