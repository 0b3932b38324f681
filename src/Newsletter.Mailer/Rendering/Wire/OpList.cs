using System.Buffers;
using System.Text;

namespace Newsletter.Mailer.Rendering.Wire;

/// <summary>Steps in the making; neighbouring static bytes become one.</summary>
internal sealed class OpList
{
    private readonly List<WireOp> _ops = [];
    private ArrayBufferWriter<byte> _bytes = new();

    public IBufferWriter<byte> Bytes => _bytes;

    public void Add(string text) => _bytes.Write(Encoding.UTF8.GetBytes(text));

    public void Add(WireOp op)
    {
        Flush();
        _ops.Add(op);
    }

    public IReadOnlyList<WireOp> ToOps()
    {
        Flush();
        return _ops;
    }

    private void Flush()
    {
        if (_bytes.WrittenCount == 0)
            return;
        _ops.Add(new WireOp.Static(_bytes.WrittenMemory));
        _bytes = new ArrayBufferWriter<byte>();
    }
}
