using System.Buffers;
using System.Text;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>One part of the multipart body: its headers, and its text in the encoding that makes it shorter.</summary>
internal static class BodyPart
{
    public static void Add(OpList body, string boundaryLine, string type, SlotTemplate template)
    {
        var parts = EndInLineBreak(template).Parts;
        var useBase64 = IsShorterInBase64(template.FillDefaults());
        body.Add(boundaryLine);
        body.Add($"Content-Type: {type}; charset=utf-8\r\nContent-Transfer-Encoding: {(useBase64 ? "base64" : "quoted-printable")}\r\n\r\n");
        if (useBase64)
            body.Add(new WireOp.Base64([.. parts.Select(Piece)]));
        else
            foreach (var part in parts)
                AddQuoted(body, part);
        // The line break before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        body.Add("\r\n");
    }

    private static Base64Piece Piece(SlotPart part) => part is SlotPart.Slot slot
        ? new Base64Piece(null, slot)
        : new Base64Piece(new Base64Run(Encoding.UTF8.GetBytes(((SlotPart.Literal)part).Text.Replace("\n", "\r\n", StringComparison.Ordinal))), null);

    private static void AddQuoted(OpList body, SlotPart part)
    {
        if (part is SlotPart.Slot slot)
            body.Add(new WireOp.Quoted(slot));
        else
            QuotedPrintable.Encode(Encoding.UTF8.GetBytes(((SlotPart.Literal)part).Text), body.Bytes);
    }

    private static SlotTemplate EndInLineBreak(SlotTemplate template) =>
        template.Parts is [.., SlotPart.Literal { Text: var last }]
            ? new SlotTemplate([.. template.Parts.SkipLast(1), new SlotPart.Literal(last.TrimEnd('\n') + "\n")])
            : new SlotTemplate([.. template.Parts, new SlotPart.Literal("\n")]);

    private static bool IsShorterInBase64(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var quoted = new ArrayBufferWriter<byte>();
        QuotedPrintable.Encode(bytes, quoted);
        return quoted.WrittenCount > bytes.Length * 78L / 57;
    }
}
