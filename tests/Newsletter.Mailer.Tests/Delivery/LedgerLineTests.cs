using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

/// <summary>The form in which the ledger's journal is kept: another version of the program may have to read it.</summary>
public sealed class LedgerLineTests
{
    [Fact]
    public void WhatIsReadIsWhatWasWritten()
    {
        LedgerLine[] lines =
        [
            new(1, LedgerMark.Begun),
            new(2_000_000_000, LedgerMark.Accepted, RelayId: 7, Code: 250, DetailId: long.MaxValue, QueueId: "4F2Aé"),
            new(3, LedgerMark.Accepted),
            new(4, LedgerMark.Entered),
        ];

        Assert.Equal(lines, LedgerLine.Read(LedgerLine.Write(lines)));
    }

    [Fact]
    public void TheFirstFormIsReadForEver() =>
        Assert.Equal(
            [new(5, LedgerMark.Accepted, 1, 250, 3, "Q1"), new(300, LedgerMark.Begun)],
            LedgerLine.Read([1, 2, 5, 1, 0, 250, 0, 3, 2, (byte)'Q', (byte)'1', 1, 172, 2]));

    [Fact]
    public void ALaterFormIsRefusedInWords()
    {
        var refused = Assert.Throws<InvalidDataException>(() => LedgerLine.Read([2, 1, 1]));

        Assert.Contains("a later version wrote it", refused.Message, StringComparison.Ordinal);
    }
}
