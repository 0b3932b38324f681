namespace Newsletter.Mailer.Rendering;

/// <summary>
/// A complete MIME message, headers and body, encoded once: static bytes and, between them, slots for what differs from reader to reader.
/// Immutable and safe to fill from many threads.
/// </summary>
public sealed class CompiledMessage
{
    /// <summary>SHA-256 of <see cref="ToBytes"/>.</summary>
    public ReadOnlyMemory<byte> Sha256 => throw new NotSupportedException();

    /// <summary>Reads what <see cref="ToBytes"/> wrote. Throws <see cref="CompiledMessageException"/> where that is damaged or of an unknown version.</summary>
    public static CompiledMessage FromBytes(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    /// <summary>The message as one array, to be stored.</summary>
    public byte[] ToBytes() => throw new NotSupportedException();

    /// <summary>The message for one reader. Throws <see cref="ArgumentException"/> where a value of the reader can stand in no header.</summary>
    public FilledMessage Fill(Recipient reader) => throw new NotSupportedException();
}

/// <summary>Stored bytes are no compiled message of a version this program knows.</summary>
public sealed class CompiledMessageException(string message) : Exception(message);
