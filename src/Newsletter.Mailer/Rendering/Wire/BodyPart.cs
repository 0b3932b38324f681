using System.Buffers;
using Newsletter.Mailer.Rendering.Slots;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>One part of the multipart body: its headers, and its text in the encoding that makes it shorter.</summary>
internal static class BodyPart
{
    private static readonly System.Text.Encoding Utf8 = System.Text.Encoding.UTF8;

    public static void Add(OpList body, string boundaryLine, string type, SlotTemplate template, string parameters = "")
    {
        var useBase64 = IsShorterInBase64(template.FillDefaults());
        body.Add(boundaryLine);
        body.Add($"Content-Type: {type}; charset=utf-8{parameters}\r\nContent-Transfer-Encoding: {Encoding(useBase64)}\r\n\r\n");
        AddText(body, template, useBase64);
        // The line break before a boundary belongs to the boundary (RFC 2046 §5.1.1).
        body.Add("\r\n");
    }

    /// <summary>The whole body of a message that has no other part.</summary>
    public static void AddAlone(HeaderBlock headers, OpList body, string type, SlotTemplate template, string parameters = "")
    {
        var useBase64 = IsShorterInBase64(template.FillDefaults());
        headers.Add("Content-Type", $"{type}; charset=utf-8{parameters}");
        headers.Add("Content-Transfer-Encoding", Encoding(useBase64));
        AddText(body, template, useBase64);
    }

    private static string Encoding(bool useBase64) => useBase64 ? "base64" : "quoted-printable";

    private static void AddText(OpList body, SlotTemplate template, bool useBase64)
    {
        var parts = EndInLineBreak(template).Parts;
        if (useBase64)
            body.Add(new WireOp.Base64([.. parts.Select(Piece)]));
        else
            foreach (var part in parts)
                AddQuoted(body, part);
    }

    private static Base64Piece Piece(SlotPart part) => part switch
    {
        SlotPart.Slot slot => new Base64Piece.Value(slot),
        SlotPart.Choice choice => new Base64Piece.Choice(choice.If, [.. choice.Then.Select(Piece)], [.. choice.Else.Select(Piece)]),
        _ => new Base64Piece.Static(new Base64Run(Utf8.GetBytes(((SlotPart.Literal)part).Text.Replace("\n", "\r\n", StringComparison.Ordinal)))),
    };

    private static void AddQuoted(OpList body, SlotPart part)
    {
        switch (part)
        {
            case SlotPart.Slot slot:
                body.Add(new WireOp.Quoted(slot));
                break;
            case SlotPart.Choice choice:
                body.Add(new WireOp.Choice(choice.If, Quoted(choice.Then), Quoted(choice.Else)));
                break;
            case SlotPart.Literal literal:
                QuotedPrintable.Encode(Utf8.GetBytes(literal.Text), body.Bytes);
                break;
        }
    }

    private static IReadOnlyList<WireOp> Quoted(IEnumerable<SlotPart> parts)
    {
        var way = new OpList();
        foreach (var part in parts)
            AddQuoted(way, part);
        return way.ToOps();
    }

    private static SlotTemplate EndInLineBreak(SlotTemplate template) =>
        template.Parts is [.., SlotPart.Literal { Text: var last }]
            ? new SlotTemplate([.. template.Parts.SkipLast(1), new SlotPart.Literal(last.TrimEnd('\n') + "\n")])
            : new SlotTemplate([.. template.Parts, new SlotPart.Literal("\n")]);

    private static bool IsShorterInBase64(string text)
    {
        var bytes = Utf8.GetBytes(text);
        var quoted = new ArrayBufferWriter<byte>();
        QuotedPrintable.Encode(bytes, quoted);
        return quoted.WrittenCount > bytes.Length * 78L / 57;
    }
}
