using System.Text;
using Newsletter.Mailer.Inbox;

namespace Newsletter.Mailer.Tests.Inbox;

public class SmtpPathTests
{
    [Theory]
    [InlineData("<>", "", "")]
    [InlineData("<ana@example.com>", "ana@example.com", "")]
    [InlineData(" <ana@example.com>  SIZE=1  BODY=7BIT ", "ana@example.com", "SIZE=1  BODY=7BIT")]
    [InlineData("<@a.test,@b.test:ana@example.com>", "ana@example.com", "")]
    [InlineData("<\"a b>\\\"@c\"@example.com>", "\"a b>\\\"@c\"@example.com", "")]
    [InlineData("<o'neil+x{y}@[192.0.2.1]>", "o'neil+x{y}@[192.0.2.1]", "")]
    [InlineData("<ana@[IPv6:2001:db8::1]>", "ana@[IPv6:2001:db8::1]", "")]
    [InlineData("<用户@例子.test>", "用户@例子.test", "")]
    [InlineData("<POSTMASTER>", "POSTMASTER", "")]
    public void APathIsRead(string argument, string address, string parameters)
    {
        Assert.Null(SmtpPath.Read(Encoding.UTF8.GetBytes(argument), out var readAddress, out var readParameters));
        Assert.Equal((address, parameters), (readAddress, readParameters));
    }

    [Theory]
    [InlineData("")]
    [InlineData("ana@example.com")]
    [InlineData("<")]
    [InlineData("<ana@example.com")]
    [InlineData("<\"ana@example.com>")]
    [InlineData("<ana>")]
    [InlineData("<ana@>")]
    [InlineData("<@example.com>")]
    [InlineData("<ana@example..com>")]
    [InlineData("<ana@-example.com>")]
    [InlineData("<ana@exam ple.com>")]
    [InlineData("<.ana@example.com>")]
    [InlineData("<an a@example.com>")]
    [InlineData("<\"an\"a\"@example.com>")]
    [InlineData("<\"ana\\\"@example.com>")]
    [InlineData("<ana@[192.0.2.1>")]
    [InlineData("<ana@[nowhere]>")]
    [InlineData("<ana\u0001@example.com>")]
    [InlineData("<ana\u0000@example.com>")]
    [InlineData("<ana@example.com>x")]
    [InlineData("<1234567890123456789012345678901234567890123456789012345678901234x@example.com>")]
    public void WhatIsNoPathIsRefused(string argument) =>
        Assert.NotNull(SmtpPath.Read(Encoding.UTF8.GetBytes(argument), out _, out _));

    [Fact]
    public void BrokenUtf8AndOverlongDomainsAreRefused()
    {
        Assert.NotNull(SmtpPath.Read([(byte)'<', 0xC3, (byte)'@', (byte)'a', (byte)'>'], out _, out _));
        Assert.NotNull(SmtpPath.Read(Encoding.UTF8.GetBytes($"<ana@{string.Join('.', Enumerable.Repeat("example", 40))}>"), out _, out _));
    }
}
