using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Tests.Delivery;

public sealed class SmtpTextTests
{
    [Theory]
    [InlineData("<ana@example.net>: Recipient address rejected", "<address>: Recipient address rejected")]
    [InlineData("User ana.lee+news@mail.example.org unknown.", "User <address> unknown.")]
    [InlineData("müller@münchen.example existiert nicht", "<address> existiert nicht")]
    [InlineData("for=ana@example.net;", "<address>;")]
    [InlineData("(ana@example.net, bob@example.net)", "(<address>, <address>)")]
    [InlineData("Ok: queued as 4XkJ2s1vQzz9vC", "Ok: queued as #")]
    [InlineData("2.0.0 OK 1700000000 a1-20020a05600c0a0100b003 - gsmtp", "2.0.0 OK # # - gsmtp")]
    [InlineData("Client host [203.0.113.25] blocked using zen.example.org", "Client host [203.0.113.25] blocked using zen.example.org")]
    [InlineData("5.7.1 Service unavailable; see https://example.org/help", "5.7.1 Service unavailable; see https://example.org/help")]
    [InlineData("Mailbox full", "Mailbox full")]
    [InlineData("", "")]
    public void WhatNamesAReaderOrAMessageIsTakenOut(string text, string anonymous) => Assert.Equal(anonymous, SmtpText.Kept(text));

    [Theory]
    [InlineData("a\0b", "a b")]
    [InlineData("a\r\nb\tc\u0085d", "a  b c d")]
    [InlineData("tea \U0001F375", "tea \U0001F375")]
    public void WhatIsKeptCanBeStored(string text, string storable) => Assert.Equal(storable, SmtpText.Storable(text));

    [Fact]
    public void HalfACharacterIsReplaced()
    {
        Assert.Equal("x\ufffdy", SmtpText.Storable("x\ud83dy"));
        Assert.Equal("x\ufffd", SmtpText.Storable("x\udc00"));
    }

    [Fact]
    public void WhatIsKeptHasAnEndAndNoHalfCharacterAtIt()
    {
        Assert.Equal(500, SmtpText.Storable(new string('x', 10_000)).Length);
        Assert.Equal(new string('x', 499), SmtpText.Storable(new string('x', 499) + "\U0001F375"));
    }

    [Theory]
    [InlineData('a')]
    [InlineData('@')]
    [InlineData('<')]
    [InlineData('1')]
    [InlineData('-')]
    [InlineData('.')]
    public void ATextWithoutEndTakesNoTimeWithoutEnd(char c) => Assert.InRange(SmtpText.Kept(new string(c, 5_000_000)).Length, 1, 500);

    [Theory]
    [InlineData("5.1.1 <ana.lee>... User unknown", "ana.lee@example.com", "5.1.1 <address>... User unknown")]
    [InlineData("No such user 'Ana.Lee'", "ana.lee@example.com", "No such user '<address>'")]
    [InlineData("<\"q b\"@example.com> rejected", "\"q b\"@example.com", "<address> rejected")]
    [InlineData("o'brien@example.com: gone", "o'brien@example.com", "<address>: gone")]
    [InlineData("mailbox anabel is full", "ana@example.com", "mailbox anabel is full")]
    [InlineData("User unknown", "user@example.com", "User unknown")]
    [InlineData("<User@example.com>: User unknown", "user@example.com", "<address>: User unknown")]
    [InlineData("5.1.1 <ana.lee@example.com>: unknown, joana.lee@example.com", "ana.lee@example.com", "5.1.1 <address>: unknown, joana.lee@example.com")]
    [InlineData("a+b c", "a+b@example.com", "<address> c")]
    [InlineData("see https://example.org/?to=ana.lee%2Btea%40example.com", "ana.lee+tea@example.com", "see https://example.org/?to=<address>")]
    [InlineData("ana.lee%2Btea unknown", "ana.lee+tea@example.com", "<address> unknown")]
    [InlineData("User ana.lee unknown", "ana.lee+tea@example.com", "User <address> unknown")]
    [InlineData("User mail is unknown, 10% of all", "mail+tea@example.com", "User mail is unknown, 10% of all")]
    public void AReplyIsKeptWithoutTheReaderItIsAbout(string text, string address, string kept) => Assert.Equal(kept, SmtpText.WithoutReader(text, address));
}
