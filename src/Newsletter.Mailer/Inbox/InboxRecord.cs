using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Newsletter.Mailer.Inbox;

/// <summary>
/// A file with a line of JSON for each recipient of each message an inbox takes, written before the sender hears of it:
/// whoever kills senders and starts them again compares afterwards. Set <see cref="Write"/> as <see cref="ReceivedMessages.Arriving"/>.
/// </summary>
/// <example>
/// <code>
/// {"number":1,"at":"2031-05-06T08:00:00.123Z","connection":1,"sender":"bounce@example.com","recipient":"ana@example.com","message_id":"&lt;1@example.com&gt;","sha256":"9f86…","bytes":61440}
/// </code>
/// </example>
public sealed class InboxRecord : IDisposable
{
    private static readonly JsonWriterOptions readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FileStream file;
    private readonly ArrayBufferWriter<byte> buffer = new(1024);
    private readonly TaskCompletionSource<Exception> failed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private InboxRecord(FileStream file) => this.file = file;

    /// <summary>Opens the file to write at its end; what is there stays. Anybody may read it meanwhile.</summary>
    /// <exception cref="IOException">It can't be opened.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public static InboxRecord Open(string path)
    {
        // No buffer of .NET's: what was written is with the operating system, and outlives this process.
        var opened = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
        try
        {
            EndLastLine(opened);
            return new InboxRecord(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Ends with the first line that could not be written; that message was not taken.</summary>
    public Task<Exception> Failed => failed.Task;

    /// <summary>Writes a message; not to be called by two at once.</summary>
    /// <exception cref="IOException">The disk is full, or gone.</exception>
    public void Write(ArrivedMessage message)
    {
        buffer.ResetWrittenCount();
        foreach (var recipient in message.Recipients)
        {
            WriteLine(message, recipient);
            buffer.Write("\n"u8);
        }

        try
        {
            file.Write(buffer.WrittenSpan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failed.TrySetResult(e);
            throw;
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => file.Dispose();

    private void WriteLine(ArrivedMessage message, string recipient)
    {
        using var json = new Utf8JsonWriter(buffer, readable);
        json.WriteStartObject();
        json.WriteNumber("number", message.Number);
        json.WriteString("at", message.At.UtcDateTime);
        json.WriteNumber("connection", message.Connection);
        json.WriteString("sender", message.Sender);
        json.WriteString("recipient", recipient);
        json.WriteString("message_id", message.MessageId);
        json.WriteString("sha256", message.Sha256);
        json.WriteNumber("bytes", message.Size);
        json.WriteEndObject();
    }

    /// <summary>An inbox that was killed, or a full disk, may have left half a line.</summary>
    private static void EndLastLine(FileStream file)
    {
        if (!file.CanSeek || file.Seek(0, SeekOrigin.End) == 0)
            return;
        file.Seek(-1, SeekOrigin.End);
        if (file.ReadByte() != '\n')
            file.Write("\n"u8);
    }
}
