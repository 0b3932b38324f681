using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class DotUnstufferTests
{
    /// <summary>Whatever the text and wherever the network cuts it, stuffing and unstuffing give it back.</summary>
    [Property(MaxTest = 500)]
    public Property WhatWasStuffedComesBackHoweverItIsCut() =>
        Prop.ForAll(
            Gen.Elements('.', '\r', '\n', 'a').ArrayOf().ToArbitrary(),
            Gen.Choose(1, 7).ToArbitrary(),
            (letters, piece) => Unstuff(Stuff(new string(letters)) + "NOOP\r\n", piece) == (new string(letters) + "\r\n", "NOOP\r\n"));

    [Theory]
    [InlineData(".\r\n", "")]
    [InlineData("\r\n.\r\n", "\r\n")]
    [InlineData("..\r\n.\r\n", ".\r\n")]
    [InlineData(".a\r\n.\r\n", "a\r\n")]
    [InlineData(".\ra\r\n.\r\n", "\ra\r\n")]
    [InlineData("a\n.\n.\r\n\r\n.\r\n", "a\n.\n.\r\n\r\n")]
    [InlineData("a\r.\r\n.\r\n", "a\r.\r\n")]
    public void TheEndIsCrlfDotCrlfAndNothingElse(string wire, string text) =>
        Assert.All(Enumerable.Range(1, wire.Length), piece => Assert.Equal((text, ""), Unstuff(wire, piece)));

    private static string Stuff(string text)
    {
        var lines = (text + "\r\n").Split("\r\n")[..^1];
        return string.Concat(lines.Select(line => (line.StartsWith('.') ? "." : "") + line + "\r\n")) + ".\r\n";
    }

    private static (string Text, string Behind) Unstuff(string wire, int piece)
    {
        var bytes = Encoding.ASCII.GetBytes(wire);
        using var message = new IncomingMessage(new SegmentPool(1), bytes.Length, bytes.Length);
        var unstuffer = new DotUnstuffer();
        for (var at = 0; at < bytes.Length; at += piece)
        {
            if (!unstuffer.Feed(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)), message, out var consumed))
                continue;

            var segments = message.TakeSegments();
            return (Encoding.ASCII.GetString(SegmentedBytes.Copy(segments, (int)message.Size)), wire[(at + consumed)..]);
        }

        throw new InvalidOperationException("The end was not found.");
    }
}
