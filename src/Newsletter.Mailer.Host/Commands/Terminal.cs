using System.CommandLine;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Host.Endpoints;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Where a command speaks: results on standard output, everything said along the way on standard error.</summary>
internal sealed class Terminal(TextWriter output, TextWriter error)
{
    public const int Success = 0;
    public const int Failure = 1;

    public TextWriter Output { get; } = output;

    public TextWriter Error { get; } = error;

    public static Terminal Of(ParseResult parsed) => new(parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);

    /// <summary>What went wrong, in a sentence or two.</summary>
    public int Fail(string message)
    {
        Error.WriteLine($"newsletter: {message}");
        return Failure;
    }

    /// <summary>A document as it is, byte by byte.</summary>
    public void WriteBytes(byte[] document)
    {
        if (Output != Console.Out)
        {
            Output.Write(Encoding.UTF8.GetString(document));
            return;
        }

        // Console.Out would translate to the terminal's encoding.
        using var stdout = Console.OpenStandardOutput();
        stdout.Write(document);
    }

    /// <summary>One line of JSON.</summary>
    public void WriteJson<T>(T value) => Output.WriteLine(JsonSerializer.Serialize(value, ApiJson.Options));
}
