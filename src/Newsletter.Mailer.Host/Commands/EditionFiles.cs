using System.Text;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>An author's file, read as it will be kept.</summary>
internal static class EditionFiles
{
    private static readonly UTF8Encoding s_strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The file's text; <c>-</c> is standard input. Null where it can't be read, which is then said.</summary>
    public static async Task<string?> ReadAsync(string path, Terminal terminal, CancellationToken stop)
    {
        if (path != "-" && !File.Exists(path))
        {
            terminal.Fail(Directory.Exists(path) ? $"{path} is a folder; name a file in it." : $"There is no file {Path.GetFullPath(path)}.");
            return null;
        }

        await using var file = path == "-" ? Console.OpenStandardInput() : File.OpenRead(path);
        using var bytes = new MemoryStream();
        await file.CopyToAsync(bytes, stop);
        try
        {
            return s_strict.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
        }
        catch (DecoderFallbackException e)
        {
            terminal.Fail($"{path} isn't UTF-8: there is a wrong byte at position {e.Index}. Save it as UTF-8.");
            return null;
        }
    }
}
