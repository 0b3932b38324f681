namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>A benchmark can't be run, or didn't do what it was to measure. The message is for a person.</summary>
internal sealed class BenchmarkException(string message) : Exception(message);
