using System.CommandLine;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Host.Commands;

/// <summary><c>newsletter bounces read</c>: what mails that came back say. Needs no database and no configuration.</summary>
internal static class BouncesReadCommand
{
    /// <summary>What is read of a file: the report stands at its beginning.</summary>
    private const int MostBytes = 4 * 1024 * 1024;

    public static Command Create()
    {
        var path = new Argument<string>("path") { Description = "A mail in a file; a folder, whose files are read in the order of their names; - for standard input.", HelpName = "FILE|FOLDER" };
        var json = new Option<bool>("--json") { Description = "Write one object of JSON a recipient, each on a line." };
        var command = new Command("read", "Say what bounces, complaints and automatic answers mean. Needs no database.") { path, json };
        command.SetAction((parsed, stop) => RunAsync(parsed.GetValue(path)!, parsed.GetValue(json), Terminal.Of(parsed), stop));
        return command;
    }

    private static async Task<int> RunAsync(string path, bool asJson, Terminal terminal, CancellationToken stop)
    {
        if (path != "-" && !File.Exists(path) && !Directory.Exists(path))
            return terminal.Fail($"There is no file or folder {Path.GetFullPath(path)}.");
        var files = Directory.Exists(path) ? Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal) : (IEnumerable<string>)[path];
        var code = Terminal.Success;
        foreach (var file in files)
        {
            stop.ThrowIfCancellationRequested();
            if (await LoadAsync(file, terminal, stop) is { } mail)
                Tell(file == "-" ? file : Path.GetFileName(file), mail, asJson, terminal);
            else
                code = Terminal.Failure;
        }

        return code;
    }

    private static void Tell(string file, byte[] mail, bool asJson, Terminal terminal)
    {
        var readings = BounceReader.Read(mail);
        if (readings.Count == 0)
            terminal.Error.WriteLine($"{file}: no bounce, complaint or automatic answer.");
        foreach (var reading in readings)
        {
            if (asJson)
                terminal.WriteJson(View(file, reading));
            else
                terminal.Output.WriteLine($"{file}: {Word(reading.Kind)} ({reading.Reason}){Told(reading.Status)}{Told(reading.ReplyCode)}{Told(reading.Recipient)}");
        }
    }

    private static async Task<byte[]?> LoadAsync(string file, Terminal terminal, CancellationToken stop)
    {
        try
        {
            await using var source = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var mail = new MemoryStream();
            var piece = new byte[64 * 1024];
            for (int read; mail.Length < MostBytes && (read = await source.ReadAsync(piece, stop)) > 0;)
                mail.Write(piece, 0, read);
            return mail.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            terminal.Fail($"{file} can't be read: {e.Message}");
            return null;
        }
    }

    private static object View(string file, BounceReading reading) => new
    {
        File = file,
        Kind = Word(reading.Kind),
        reading.Status,
        reading.ReplyCode,
        reading.Reason,
        reading.Recipient,
        reading.MessageId,
    };

    private static string Word(BounceKind kind) => kind switch
    {
        BounceKind.Hard => "hard",
        BounceKind.Soft => "soft",
        BounceKind.Complaint => "complaint",
        BounceKind.AutoReply => "auto-reply",
        _ => "other",
    };

    private static string Told(string value) => value.Length == 0 ? "" : $" {value}";
}
