using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Wire;

namespace Newsletter.Mailer.Rendering;

/// <summary>
/// A complete MIME message, headers and body, encoded once: static bytes and, between them, slots for what differs from reader to reader.
/// Immutable and safe to fill from many threads.
/// </summary>
public sealed class CompiledMessage
{
    private readonly WireOp[] _headers;
    private readonly WireOp[] _body;
    private readonly byte[] _stored;

    internal CompiledMessage(IReadOnlyList<WireOp> headers, IReadOnlyList<WireOp> body)
        : this([.. headers], [.. body], CompiledFormat.Write(headers, body))
    {
    }

    private CompiledMessage(WireOp[] headers, WireOp[] body, byte[] stored)
    {
        _headers = headers;
        _body = body;
        _stored = stored;
        Sha256 = SHA256.HashData(stored);
        HasLeaveAddress = headers.OfType<WireOp.Token>().Any(token => token.Slot.Name == SlotName.LeaveToken);
        var names = headers.Concat(body).SelectMany(Names).ToHashSet(StringComparer.Ordinal);
        MeasuresReaders = names.Contains(SlotName.ClickToken);
        HasPolls = names.Contains(SlotName.VoteToken);
        LinksToCopies = names.Contains(SlotName.CopyToken);
        Attributes = [.. names
            .Where(SlotName.IsAttribute)
            .Select(name => name[SlotName.AttributePrefix.Length..])
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>SHA-256 of <see cref="ToBytes"/>.</summary>
    public ReadOnlyMemory<byte> Sha256 { get; }

    /// <summary>Its List-Unsubscribe has a mailto: readers bring a <see cref="Recipient.LeaveToken"/>.</summary>
    public bool HasLeaveAddress { get; }

    /// <summary>Its links tell which reader followed them: readers bring a <see cref="Recipient.ClickToken"/>.</summary>
    public bool MeasuresReaders { get; }

    /// <summary>It asks its readers something: they bring a <see cref="Recipient.VoteToken"/>.</summary>
    public bool HasPolls { get; }

    /// <summary>Each reader's leads to their own copy in a browser: they bring a <see cref="Recipient.CopyToken"/>.</summary>
    public bool LinksToCopies { get; }

    /// <summary>Names of the attributes that a reader must bring along; empty where the message uses none.</summary>
    public IReadOnlyList<string> Attributes { get; }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="CompiledMessageException">The bytes are damaged or of an unknown version.</exception>
    public static CompiledMessage FromBytes(ReadOnlySpan<byte> bytes)
    {
        var stored = bytes.ToArray();
        var (headers, body) = CompiledFormat.Read(stored);
        return new CompiledMessage(headers, body, stored);
    }

    /// <summary>The message as one array, to be stored.</summary>
    public byte[] ToBytes() => _stored.AsSpan().ToArray();

    /// <summary>The message for one reader; the same reader always gives the same bytes.</summary>
    /// <exception cref="ArgumentException">A value of the reader can stand in no header.</exception>
    public FilledMessage Fill(Recipient reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        var output = new SegmentWriter((_headers.Length + _body.Length) * 2);
        var filler = new MessageFiller(reader, output);
        foreach (var op in _headers)
            filler.Take(op);
        var headerSegments = output.Count;
        foreach (var op in _body)
            filler.Take(op);

        var local = reader.Address.AsSpan(0, Math.Max(0, reader.Address.LastIndexOf('@')));
        return new FilledMessage(output.ToArray(), requiresSmtpUtf8: !Ascii.IsValid(local), headerSegments);
    }

    private static IEnumerable<string> Names(WireOp op) => op switch
    {
        WireOp.Token token => [token.Slot.Name],
        WireOp.Quoted quoted => [quoted.Slot.Name],
        WireOp.TextField field => field.Text.Parts.SelectMany(part => part.Names),
        WireOp.Base64 part => part.Pieces.SelectMany(Names),
        WireOp.Choice choice => choice.If.Names.Concat(choice.Then.Concat(choice.Else).SelectMany(Names)),
        _ => [],
    };

    private static IEnumerable<string> Names(Base64Piece piece) => piece switch
    {
        Base64Piece.Value value => [value.Slot.Name],
        Base64Piece.Choice choice => choice.If.Names.Concat(choice.Then.Concat(choice.Else).SelectMany(Names)),
        _ => [],
    };
}

/// <summary>Stored bytes are no compiled message of a version this program knows.</summary>
public sealed class CompiledMessageException(string message) : Exception(message);
