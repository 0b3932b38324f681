using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Rendering.Body;

/// <summary>Turns an offset in the body into the line and column of the whole file.</summary>
internal sealed class LineIndex
{
    private readonly List<int> _starts = [0];
    private readonly int _firstLine;

    public LineIndex(string body, int firstLine)
    {
        _firstLine = firstLine;
        for (var i = 0; i < body.Length; i++)
            if (body[i] == '\n')
                _starts.Add(i + 1);
    }

    public SourcePosition At(int offset)
    {
        var found = _starts.BinarySearch(offset);
        var line = found >= 0 ? found : ~found - 1;
        return new SourcePosition(_firstLine + line, offset - _starts[line] + 1);
    }
}
