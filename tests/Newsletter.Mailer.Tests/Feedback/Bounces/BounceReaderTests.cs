using System.Globalization;
using System.Text;
using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

public sealed class BounceReaderTests
{
    public static TheoryData<string, string, string> Forms()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var (name, mail, expected) in ReportForms.All())
            data.Add(name, mail, expected);
        return data;
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void EveryFormIsRead(string name, string mail, string expected)
    {
        var reading = Assert.Single(BounceReader.Read(ReportForms.Bytes(mail)));

        Assert.Equal($"{name}: {expected}", $"{name}: {reading.Kind} {reading.Reason} {reading.Status} {reading.Recipient}");
    }

    [Fact]
    public void TheReturnedMessageIsNamed()
    {
        foreach (var (name, mail, _) in ReportForms.All().Where(form => form.Mail.Contains("issue-35.1@example.com", StringComparison.Ordinal)))
            Assert.Equal($"{name} issue-35.1@example.com", $"{name} {BounceReader.Read(ReportForms.Bytes(mail))[0].MessageId}");
    }

    [Fact]
    public void TheAddressAsItWasSentToIsKept() =>
        Assert.Equal("alias@example.net", BounceReader.Read(ReportForms.Bytes(ReportForms.Dsn("failed", "5.1.1", "smtp; 550 unknown")))[0].OriginalRecipient);

    [Fact]
    public void EveryRecipientOfAReportIsRead()
    {
        var mail = ReportForms.Dsn("failed", "5.1.1", "smtp; 550 5.1.1 unknown").Replace("\n\n--b\nContent-Type: text/rfc822-headers", """


            Final-Recipient: rfc822; second@example.net
            Action: failed
            Status: 5.2.2
            Diagnostic-Code: smtp; 552 5.2.2 Mailbox full

            --b
            Content-Type: text/rfc822-headers
            """, StringComparison.Ordinal);

        var readings = BounceReader.Read(ReportForms.Bytes(mail));

        Assert.Equal(["reader@example.net userunknown", "second@example.net mailboxfull"], readings.Select(reading => $"{reading.Recipient} {reading.Reason}"));
    }

    [Theory]
    [InlineData("auth-failure", BounceKind.Other)]
    [InlineData("opt-out", BounceKind.Complaint)]
    public void OnlyAFailedAuthenticationIsNoComplaint(string type, BounceKind kind)
    {
        var complaint = ReportForms.All().Single(form => form.Name == "a complaint").Mail.Replace("Feedback-Type: abuse", $"Feedback-Type: {type}", StringComparison.Ordinal);

        Assert.Equal(kind, Assert.Single(BounceReader.Read(ReportForms.Bytes(complaint))).Kind);
    }

    [Theory]
    [InlineData("From: Reader <reader@example.net>\nTo: news@example.com\nSubject: Re: Issue 35\n\nWhat a fine issue!\n")]
    [InlineData("no header at all")]
    [InlineData("")]
    [InlineData("\0\0\0")]
    public void WhatIsNoBounceGivesNothing(string mail) => Assert.Empty(BounceReader.Read(Encoding.UTF8.GetBytes(mail)));

    [Fact]
    public void AMailboxWithTheNameOfAReasonMisleadsNobody()
    {
        var mail = ReportForms.Dsn("failed", "5.2.2", "smtp; 552 5.2.2 <spam.user.unknown@example.net> Mailbox full");

        Assert.Equal("mailboxfull", Assert.Single(BounceReader.Read(ReportForms.Bytes(mail))).Reason);
    }

    [Fact]
    public void PartsWithinPartsEnd()
    {
        var nested = new StringBuilder("From: MAILER-DAEMON@example.org\nSubject: failure notice\n");
        for (var depth = 0; depth < 5_000; depth++)
            nested.Append(CultureInfo.InvariantCulture, $"Content-Type: multipart/mixed; boundary=b{depth}\n\n--b{depth}\n");
        nested.Append("Content-Type: text/plain\n\n<reader@example.net>:\n550 5.1.1 User unknown\n");

        Assert.NotNull(BounceReader.Read(Encoding.ASCII.GetBytes(nested.ToString())));
    }

    [Fact]
    public void AMailOfManyMegabytesIsReadFromItsBeginning()
    {
        var mail = ReportForms.Dsn("failed", "5.1.1", "smtp; 550 5.1.1 unknown") + new string('x', 20_000_000);

        Assert.Equal(BounceKind.Hard, Assert.Single(BounceReader.Read(Encoding.ASCII.GetBytes(mail))).Kind);
    }
}
