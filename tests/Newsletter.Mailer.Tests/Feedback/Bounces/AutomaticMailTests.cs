using Newsletter.Mailer.Feedback.Bounces;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>Mail that no person wrote, or that quotes what servers write, and that tells of no failure.</summary>
public sealed class AutomaticMailTests
{
    [Theory]
    [InlineData("Automatisk svar: Nummer 35", "Jeg er på ferie til den 5. januar. Min postkasse læses ikke; kontakt 550 12 34.")]
    [InlineData("Automaattinen vastaus: Numero 35", "Olen lomalla.")]
    [InlineData("Автоматический ответ: Выпуск 35", "Я в отпуске. Почта не читается.")]
    [InlineData("自动答复: 第35期", "我正在休假，暂时无法查看邮件。")]
    [InlineData("Estarei ausente", "A caixa de correio não é lida; o endereço volta a ser lido no dia 5.")]
    [InlineData("Number 35", "I am away and not available; for anything urgent the address of my colleague is known at the desk.")]
    public void ANoteThatMarksItselfAsAutomaticIsNoBounceInAnyLanguage(string subject, string text)
    {
        var reading = Assert.Single(Read("", subject, text, "From: Ana <ana@example.net>", "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All"));

        Assert.Equal((BounceKind.AutoReply, "vacation", "ana@example.net"), (reading.Kind, reading.Reason, reading.Recipient));
    }

    [Theory]
    [InlineData("[Auto-Reply] Number 35")]
    [InlineData("Ana Berg is out of the office")]
    [InlineData("Odpowiedź automatyczna: Numer 35")]
    [InlineData("=?utf-8?B?6Ieq5Yqo5Zue5aSN?=")]
    [InlineData("Please confirm your message")]
    public void ANoteIsKnownByItsSubjectToo(string subject) =>
        Assert.Equal(BounceKind.AutoReply, Assert.Single(Read("", subject, "I am away.", "From: Ana <ana@example.net>")).Kind);

    [Fact]
    public void EverySubjectOfTheDataIsNeededByItsExample() => Assert.All(AutoReplies.Subjects, line =>
    {
        Assert.Equal((line.Line, BounceKind.AutoReply), (line.Line, Read("", line.Example, "I am away.", "From: Ana <ana@example.net>") is [var reading] ? reading.Kind : BounceKind.Other));
        Assert.DoesNotMatch(AutoReplies.SubjectOf(AutoReplies.Subjects.Where(other => other != line)), line.Example);
    });

    [Theory]
    [InlineData("Undeliverable: Number 35", "Your message couldn't be delivered.", "From: Ana <ana@example.net>")]
    [InlineData("Number 35", "<ana@example.net>: user unknown", "From: Mail Delivery System <mailer-daemon@example.net>")]
    [InlineData("Number 35", "550 5.1.1 <ana@example.net>: No such user", "From: Mail robot <robot@example.net>")]
    [InlineData("Number 35", "550-Mailbox unavailable", "From: Mail robot <robot@example.net>")]
    public void AServersReportThatMarksItselfAsAutomaticIsABounce(string subject, string text, string from) =>
        Assert.True(Read("", subject, text, from, "Auto-Submitted: auto-generated", "X-Auto-Response-Suppress: All")[0].Kind is BounceKind.Hard or BounceKind.Soft);

    [Fact]
    public void AReceiptTellsThatTheMessageArrived()
    {
        var reading = Assert.Single(Read("ana@example.net", "Read: Number 35", """
            --b
            Content-Type: text/plain

            Your message was read. The mailbox was not full and no error occurred.

            --b
            Content-Type: message/disposition-notification

            Final-Recipient: rfc822;ana@example.net
            Original-Message-ID: <35.1@example.com>
            Disposition: manual-action/MDN-sent-manually; displayed

            --b--
            """, "From: Ana <ana@example.net>", "MIME-Version: 1.0", "Content-Type: multipart/report; report-type=disposition-notification; boundary=b"));

        Assert.Equal((BounceKind.Other, "delivered", "ana@example.net", "35.1@example.com"), (reading.Kind, reading.Reason, reading.Recipient, reading.MessageId));
    }

    [Fact]
    public void AWarningThatItIsStillTriedIsNoFailure()
    {
        var reading = Assert.Single(Read("", "Warning: message 1abc-000 delayed 24 hours", """
            This message was created automatically by mail delivery software.
            A message that you sent has not yet been delivered to one or more of its
            recipients after more than 24 hours on the queue on mx.example.org.

            The address to which the message has not yet been delivered is:

              reader@example.net
                Delay reason: connection timed out

            No action is required on your part. Delivery attempts will continue for
            some time, and this warning may be repeated at intervals if the message
            remains undelivered.
            """, "From: Mail Delivery System <Mailer-Daemon@example.org>"));

        Assert.Equal((BounceKind.Soft, "expired", "delayed", "reader@example.net"), (reading.Kind, reading.Reason, reading.Action, reading.Recipient));
    }

    [Theory]
    [InlineData("550 5.1.1 is what your server told my neighbour: unknown user. Why?", "In-Reply-To: <35.1@example.com>")]
    [InlineData("550 people came, and no seat was left.", "References: <35.1@example.com>")]
    public void APersonsAnswerIsNoBounceWhateverItQuotes(string text, string header) =>
        Assert.Empty(Read("ana@example.net", "Re: Number 35", text, "From: Ana <ana@example.net>", header));

    private static IReadOnlyList<BounceReading> Read(string returnPath, string subject, string text, params string[] headers) => BounceReader.Read(ReportForms.Bytes(
        $"Return-Path: <{returnPath}>\nTo: bounce@news.example.com\nSubject: {subject}\nMessage-ID: <a@example.net>\n{string.Join('\n', headers)}\n{(headers.Any(header => header.StartsWith("Content-Type", StringComparison.Ordinal)) ? "" : "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n")}\n{text}\n"));
}
