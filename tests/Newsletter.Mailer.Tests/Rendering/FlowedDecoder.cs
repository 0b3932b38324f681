namespace Newsletter.Mailer.Tests.Rendering;

/// <summary>A paragraph or a line of a flowed text, as a mail program shows it.</summary>
internal sealed record FlowedParagraph(int QuoteDepth, string Text);

/// <summary>Reads <c>format=flowed</c> after RFC 3676 §4, knowing nothing of how ours is written.</summary>
internal static class FlowedDecoder
{
    public static IReadOnlyList<FlowedParagraph> Decode(string body, bool deletesSpace)
    {
        var paragraphs = new List<FlowedParagraph>();
        (int Depth, string Text)? open = null;
        foreach (var raw in Lines(body))
        {
            var depth = raw.TakeWhile(c => c == '>').Count();
            var line = raw[depth..];
            if (line.StartsWith(' '))
                line = line[1..];
            var isSignature = line == "-- ";
            var flows = line.EndsWith(' ') && !isSignature;
            // §4.5: a paragraph whose depth changes before it ends is ended all the same; so is one before a signature.
            if (open is { } left && (left.Depth != depth || isSignature))
            {
                paragraphs.Add(new FlowedParagraph(left.Depth, left.Text));
                open = null;
            }

            var text = (open?.Text ?? "") + (flows && deletesSpace ? line[..^1] : line);
            open = flows ? (depth, text) : null;
            if (!flows)
                paragraphs.Add(new FlowedParagraph(depth, text));
        }

        if (open is { } last)
            paragraphs.Add(new FlowedParagraph(last.Depth, last.Text));
        return paragraphs;
    }

    private static IEnumerable<string> Lines(string body)
    {
        var lines = body.Split("\r\n");
        return lines[^1].Length == 0 ? lines.SkipLast(1) : lines;
    }
}
