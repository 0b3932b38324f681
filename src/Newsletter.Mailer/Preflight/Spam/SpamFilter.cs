using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Preflight.Spam;

/// <summary>
/// Asks the spam filter of this machine, SpamAssassin or else rspamd. SpamAssassin runs without network, learns nothing, and keeps what it
/// writes in a folder that is gone afterwards.
/// </summary>
public static partial class SpamFilter
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    /// <summary>What the filter makes of a whole message.</summary>
    /// <param name="message">Headers and body, lines ending in CRLF.</param>
    /// <param name="path">Folders to look for programs in; null: the PATH.</param>
    /// <param name="stop">Gives up.</param>
    public static async Task<SpamVerdict> AskAsync(byte[] message, string? path, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(message);
        var folders = path ?? Environment.GetEnvironmentVariable("PATH") ?? "";
        if (Find("spamassassin", folders) is { } spamAssassin)
            return await SpamAssassinAsync(spamAssassin, message, stop);
        return Find("rspamc", folders) is { } rspamc ? await RspamdAsync(rspamc, message, stop) : new SpamVerdict.NoFilter();
    }

    private static string? Find(string program, string folders) =>
        folders.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static async Task<SpamVerdict> SpamAssassinAsync(string program, byte[] message, CancellationToken stop)
    {
        var home = Directory.CreateTempSubdirectory("newsletter-spam");
        try
        {
            string[] arguments =
            [
                "-L", "-p", Path.Combine(home.FullName, "user_prefs"), "--cf=use_bayes 0", "--cf=use_auto_welcomelist 0", "--cf=use_auto_whitelist 0", "--cf=report_safe 0", "--cf=fold_headers 0",
                "--cf=add_header all Verdict score=_SCORE_ limit=_REQD_ rules=_TESTSSCORES(,)_",
            ];
            await File.WriteAllTextAsync(Path.Combine(home.FullName, "user_prefs"), "", stop);
            var (output, problem) = await RunAsync(program, arguments, message, home.FullName, stop);
            return problem is null && Verdict().Match(output) is { Success: true } found
                ? new SpamVerdict.Scored("SpamAssassin", Number(found.Groups["score"].Value), Number(found.Groups["limit"].Value), Rules(found.Groups["rules"].Value))
                : new SpamVerdict.Failed("SpamAssassin", problem ?? "it gave the message back without a score");
        }
        finally
        {
            home.Delete(recursive: true);
        }
    }

    private static List<SpamRule> Rules(string text) =>
    [
        .. text.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(rule => rule.Split('='))
            .Where(pair => pair.Length == 2)
            .Select(pair => new SpamRule(pair[0].Trim(), Number(pair[1])))
            .OrderByDescending(rule => rule.Score).ThenBy(rule => rule.Name, StringComparer.Ordinal),
    ];

    private static async Task<SpamVerdict> RspamdAsync(string program, byte[] message, CancellationToken stop)
    {
        var (output, problem) = await RunAsync(program, ["--json", "--timeout=60", "symbols"], message, Path.GetTempPath(), stop);
        if (problem is not null)
            return new SpamVerdict.Failed("rspamd", $"{problem} (rspamc needs a running rspamd: rspamd -f)");
        try
        {
            using var document = JsonDocument.Parse(output);
            var root = document.RootElement;
            var rules = root.GetProperty("symbols").EnumerateObject().Select(symbol => new SpamRule(symbol.Name, symbol.Value.GetProperty("score").GetDouble()));
            return new SpamVerdict.Scored(
                "rspamd", root.GetProperty("score").GetDouble(), root.GetProperty("required_score").GetDouble(),
                [.. rules.OrderByDescending(rule => rule.Score).ThenBy(rule => rule.Name, StringComparer.Ordinal)]);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new SpamVerdict.Failed("rspamd", $"its answer can't be read: {e.Message}");
        }
    }

    private static async Task<(string Output, string? Problem)> RunAsync(string program, string[] arguments, byte[] input, string home, CancellationToken stop)
    {
        var start = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = home, StandardOutputEncoding = Encoding.UTF8 };
        start.Environment["HOME"] = home;
        start.Environment["LC_ALL"] = "C";
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(s_longest);
        try
        {
            using var process = Process.Start(start)!;
            try
            {
                return await TalkAsync(process, input, limit.Token);
            }
            catch (OperationCanceledException)
            {
                process.Kill(entireProcessTree: true);
                stop.ThrowIfCancellationRequested();
                return ("", $"it gave no answer within {s_longest.TotalMinutes} minutes");
            }
        }
        catch (Win32Exception e)
        {
            return ("", $"{program} can't be started: {e.Message}");
        }
    }

    private static async Task<(string Output, string? Problem)> TalkAsync(Process process, byte[] input, CancellationToken stop)
    {
        var (output, error) = (process.StandardOutput.ReadToEndAsync(stop), process.StandardError.ReadToEndAsync(stop));
        try
        {
            await process.StandardInput.BaseStream.WriteAsync(input, stop);
            process.StandardInput.Close();
        }
        catch (IOException)
        {
            // It ended before it read all; its exit code and its words say why.
        }

        await process.WaitForExitAsync(stop);
        var (said, complaint) = (await output, (await error).Trim());
        return process.ExitCode == 0 ? (said, null) : (said, complaint.Length > 0 ? complaint.Split('\n')[0] : $"it ended with exit code {process.ExitCode}");
    }

    private static double Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : 0;

    [GeneratedRegex(@"^X-Spam-Verdict: score=(?<score>-?[\d.]+) limit=(?<limit>-?[\d.]+) rules=(?<rules>\S*)", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex Verdict();
}
