namespace Newsletter.Mailer.Inbox;

/// <summary>
/// Takes the dots off that DATA puts before lines beginning with one, and finds the end (RFC 5321 §4.5.2),
/// over pieces of any length. Only CRLF.CRLF ends a message: a bare CR or LF around the dot is text,
/// or two servers could disagree on where a message ends.
/// </summary>
internal sealed class DotUnstuffer
{
    private enum State
    {
        MidLine,
        Cr,
        LineStart,
        Dot,
        DotCr,
    }

    private State state = State.LineStart;

    /// <summary>Before the next message.</summary>
    public void Begin() => state = State.LineStart;

    /// <summary>Gives the text in <paramref name="bytes"/> to <paramref name="message"/>.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="message">Where the text goes, the last line's CRLF included.</param>
    /// <param name="consumed">How many bytes were read: all, unless the end was among them.</param>
    /// <returns>Whether the end was found.</returns>
    public bool Feed(ReadOnlySpan<byte> bytes, IncomingMessage message, out int consumed)
    {
        var at = 0;
        while (at < bytes.Length)
        {
            switch (state)
            {
                case State.MidLine:
                    at += Text(bytes[at..], message);
                    break;
                case State.Cr:
                    if (bytes[at] == '\n')
                    {
                        message.Append(bytes.Slice(at++, 1));
                        state = State.LineStart;
                    }
                    else
                    {
                        state = State.MidLine;
                    }

                    break;
                case State.LineStart:
                    state = Take(bytes, ref at, (byte)'.') ? State.Dot : State.MidLine;
                    break;
                case State.Dot:
                    state = Take(bytes, ref at, (byte)'\r') ? State.DotCr : State.MidLine;
                    break;
                case State.DotCr when Take(bytes, ref at, (byte)'\n'):
                    consumed = at;
                    return true;
                case State.DotCr:
                    message.Append("\r"u8);
                    state = State.MidLine;
                    break;
            }
        }

        consumed = at;
        return false;
    }

    private static bool Take(ReadOnlySpan<byte> bytes, ref int at, byte expected)
    {
        if (bytes[at] != expected)
            return false;

        at++;
        return true;
    }

    private int Text(ReadOnlySpan<byte> bytes, IncomingMessage message)
    {
        var dot = bytes.IndexOf("\r\n."u8);
        if (dot >= 0)
        {
            message.Append(bytes[..(dot + 2)]);
            state = State.Dot;
            return dot + 3;
        }

        message.Append(bytes);
        state = bytes.EndsWith("\r\n"u8) ? State.LineStart : bytes[^1] == '\r' ? State.Cr : State.MidLine;
        return bytes.Length;
    }
}
