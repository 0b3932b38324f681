using System.CommandLine;

namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>Options that several benchmarks have.</summary>
internal static class BenchmarkOptions
{
    public static Option<string?> Folder() => new("--folder")
    {
        Description = "Where the database's folder is made; it should lie on a real disk. Default: the folder for temporary files.",
        HelpName = "FOLDER",
    };

    public static Option<bool> Json() => new("--json") { Description = "End with one line of JSON." };

    public static Option<bool> TenMillion() => new("--ten-million") { Description = "Also measure 10,000,000: takes many minutes and some 10 GB of disk." };

    public static Option<int[]> Sizes() => new("--sizes")
    {
        Description = "How many, instead of 100000 and 1000000.",
        HelpName = "N…",
        AllowMultipleArgumentsPerToken = true,
        DefaultValueFactory = _ => [100_000, 1_000_000],
    };

    public static int[] Sizes(ParseResult parsed, Option<int[]> sizes, Option<bool> tenMillion) =>
        [.. parsed.GetValue(sizes)!.Concat(parsed.GetValue(tenMillion) ? [10_000_000] : []).Distinct().Order()];
}
