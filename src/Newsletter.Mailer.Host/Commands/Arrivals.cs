using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>What arrived of an issue for made-up readers, by reader and in time.</summary>
internal sealed class Arrivals
{
    private const int Page = 10_000;

    private readonly int[] _copies;

    private Arrivals(int readers) => _copies = new int[readers + 1];

    /// <summary>Messages in all.</summary>
    public long Messages { get; private set; }

    /// <summary>Messages beyond the first to the same reader.</summary>
    public long Copies => _copies.Sum(copies => (long)Math.Max(0, copies - 1));

    /// <summary>Messages to nobody of these readers.</summary>
    public long Strangers { get; private set; }

    /// <summary>Messages of the first pass, before only those waited that had been put off.</summary>
    public long FirstPassMessages { get; private set; }

    /// <summary>From the first to the last of these.</summary>
    public TimeSpan FirstPass { get; private set; }

    /// <summary>A second while sending; null where there are too few to tell.</summary>
    public double? Rate => FirstPassMessages > 1 && FirstPass > TimeSpan.Zero ? FirstPassMessages / FirstPass.TotalSeconds : null;

    /// <summary>Reads an inbox from its first message on.</summary>
    /// <param name="arrived">What the inbox has.</param>
    /// <param name="readers">How many there are (<see cref="DemoReaders"/>).</param>
    /// <param name="firstPassOver">When it was seen to be; null: it took until the end.</param>
    public static Arrivals Read(ReceivedMessages arrived, int readers, DateTimeOffset? firstPassOver)
    {
        var all = new Arrivals(readers);
        DateTimeOffset? first = null;
        while (arrived.After(all.Messages, Page) is { Count: > 0 } page)
        {
            foreach (var message in page)
            {
                all.Messages++;
                first ??= message.ReceivedAt;
                all.Count(message);
                if (firstPassOver is not null && message.ReceivedAt > firstPassOver)
                    continue;
                all.FirstPassMessages++;
                all.FirstPass = message.ReceivedAt - first.Value;
            }
        }

        return all;
    }

    /// <summary>Messages that the reader of this address got.</summary>
    public int To(string? address) => address is not null && DemoReaders.NumberOf(address) is var number and > 0 && number < _copies.Length ? _copies[number] : 0;

    private void Count(ReceivedMessage message)
    {
        foreach (var recipient in message.Recipients)
        {
            if (DemoReaders.NumberOf(recipient) is var number and > 0 && number < _copies.Length)
                _copies[number]++;
            else
                Strangers++;
        }
    }
}
