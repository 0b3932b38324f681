namespace Newsletter.Mailer.Benchmarks.Arena;

/// <summary>Where other programs are, or which package brings them.</summary>
internal static class Programs
{
    private static readonly string[] Beside = ["/usr/sbin", "/sbin", "/usr/local/sbin"];

    public static string SmtpSource => Find("smtp-source", "postfix");

    public static string SmtpSink => Find("smtp-sink", "postfix");

    public static string Node => Find("node", "nodejs");

    public static string OpenSsl => Find("openssl", "openssl");

    public static string Npm => Find("npm", "npm");

    /// <exception cref="BenchmarkException">It isn't installed.</exception>
    private static string Find(string program, string package) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries).Concat(Beside)
            .Select(folder => Path.Combine(folder, program))
            .FirstOrDefault(File.Exists)
        ?? throw new BenchmarkException($"There is no {program} on this machine. It comes with the Debian package {package}: apt-get install {package}.");
}
