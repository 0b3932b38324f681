using System.Globalization;
using DbUp.Engine.Output;
using Microsoft.Extensions.Logging;

namespace Newsletter.Mailer.Database;

/// <summary>Hands DbUp's messages to our log. Its information is our detail: what was applied is returned and said once.</summary>
internal sealed class MigrationLog(ILogger log) : IUpgradeLog
{
    public void LogTrace(string format, params object[] args) => log.MigrationDetail(Text(format, args));

    public void LogDebug(string format, params object[] args) => log.MigrationDetail(Text(format, args));

    public void LogInformation(string format, params object[] args) => log.MigrationDetail(Text(format, args));

    public void LogWarning(string format, params object[] args) => log.MigrationWarning(Text(format, args));

    public void LogError(string format, params object[] args) => log.MigrationError(Text(format, args));

    public void LogError(Exception ex, string format, params object[] args) => log.MigrationError(Text(format, args) + ": " + ex.Message);

    private static string Text(string format, object[] args) =>
        args is { Length: > 0 } ? string.Format(CultureInfo.InvariantCulture, format, args) : format;
}
