using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Smtp;

namespace Newsletter.Mailer.Tests.Signing;

/// <summary>STANDARDS S3; MimeKit verifies.</summary>
public sealed class DkimTests : DatabaseTest
{
    private readonly KeyRing _ring = KeyRing.Generate();

    private DkimKeyStore Store => new(DataSource, _ring);

    [Theory]
    [InlineData("Hello.\r\n")]
    [InlineData("Hello.\r\n\r\n\r\n")]
    [InlineData("")]
    [InlineData("\r\n\r\n")]
    [InlineData("a  b \r\n\r\nc\t\r\n")]
    public async Task ASignedMessageVerifies(string body)
    {
        var key = await ActiveAsync("rsa");

        var signed = (await SignerAsync()).Sign(Verifying.Message(body)).Bytes();

        Assert.Equal([true], Verifying.Verify(signed, key));
        Assert.EndsWith($"\r\n\r\n{body}", Encoding.UTF8.GetString(signed), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASecondSignatureMayBeEd25519()
    {
        var (rsa, ed25519) = (await ActiveAsync("rsa"), await ActiveAsync("ed25519"));

        var signed = (await SignerAsync()).Sign(Verifying.Message()).Bytes();

        Assert.Equal([true, true], Verifying.Verify(signed, rsa, ed25519));
        Assert.Equal(["rsa-sha256", "ed25519-sha256"], Regex.Matches(Encoding.UTF8.GetString(signed), " a=([a-z0-9-]+);").Select(found => found.Groups[1].Value));
    }

    [Theory]
    [InlineData("Hello", "Hallo")]
    [InlineData("To: ana@", "To: bob@")]
    [InlineData("List-Unsubscribe: <https://news", "List-Unsubscribe: <https://evil")]
    [InlineData("Feedback-ID: 1:", "Feedback-ID: 2:")]
    [InlineData("MIME-Version:", "Subject: Another\r\nMIME-Version:")]
    [InlineData("MIME-Version:", "From: evil@example.org\r\nMIME-Version:")]
    public async Task WhatIsChangedOrPutInOnTheWayBreaksTheSignature(string from, string to)
    {
        var key = await ActiveAsync("rsa");

        var signed = (await SignerAsync()).Sign(Verifying.Message()).Bytes();

        Assert.Equal([false], Verifying.Verify(Verifying.Changed(signed, from, to), key));
    }

    [Fact]
    public async Task HeadersMayBeFoldedAnewOnTheWay()
    {
        var key = await ActiveAsync("rsa");

        var signed = (await SignerAsync()).Sign(Verifying.Message()).Bytes();

        Assert.Equal([true], Verifying.Verify(Verifying.Changed(signed, "Subject: Issue\r\n  35", "SUBJECT:   Issue  35"), key));
    }

    [Fact]
    public async Task TheSignatureSaysWhatTheStandardsAskFor()
    {
        await ActiveAsync("rsa");

        var text = Encoding.UTF8.GetString((await SignerAsync()).Sign(Verifying.Message()).Bytes());

        var field = Regex.Replace(text[..text.IndexOf("\r\nFrom:", StringComparison.Ordinal)], @"\s+", "");
        Assert.StartsWith("DKIM-Signature:v=1;a=rsa-sha256;c=relaxed/simple;d=example.com;s=one;h=", field, StringComparison.Ordinal);
        Assert.DoesNotContain("l=", Regex.Replace(field, "b(h)?=[^;]*", ""), StringComparison.Ordinal);
        var names = Regex.Match(field, "h=([^;]+);").Groups[1].Value.Split(':');
        Assert.Equal((2, 2), (names.Count(name => name == "from"), names.Count(name => name == "subject")));
        Assert.All(new[] { "to", "date", "message-id", "mime-version", "content-type", "list-unsubscribe", "list-unsubscribe-post", "feedback-id" }, name => Assert.Contains(name, names));
        Assert.All(text.Split("\r\n"), line => Assert.True(line.Length <= 100, line));
    }

    [Fact]
    public async Task TheSameMessageGivesTheSameBytes()
    {
        await ActiveAsync("rsa");
        await ActiveAsync("ed25519");
        var signer = await SignerAsync();

        Assert.Equal(signer.Sign(Verifying.Message()).Bytes(), signer.Sign(Verifying.Message()).Bytes());
    }

    [Theory]
    [InlineData("news.example.com", "example.com", true)]
    [InlineData("example.com", "example.com", true)]
    [InlineData("example.com", "news.example.com", false)]
    [InlineData("badexample.com", "example.com", false)]
    public async Task AParentSignsForItsChildrenAndNobodyForOthers(string sender, string signer, bool expected)
    {
        await ActiveAsync("rsa", signer);
        var message = Sending.Filled($"From: News <news@{sender}>\r\nSubject: x\r\n\r\nHello.\r\n");

        Assert.Equal(expected, Encoding.UTF8.GetString((await SignerAsync()).Sign(message).Bytes()).StartsWith("DKIM-Signature:", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AKeyWaitsThenSignsThenIsRetiredAndGivesUpItsSecret()
    {
        Assert.NotNull(await Store.CreateAsync("example.com", "one", "rsa", default));
        Assert.Null(await Store.CreateAsync("example.com", "one", "rsa", default));
        Assert.DoesNotContain("DKIM-Signature", Encoding.UTF8.GetString((await SignerAsync()).Sign(Verifying.Message()).Bytes()), StringComparison.Ordinal);
        await Store.CreateAsync("example.com", "two", "rsa", default);

        Assert.Equal("active", (await Store.ActivateAsync("example.com", "one", default))!.State);
        Assert.Equal("active", (await Store.ActivateAsync("example.com", "two", default))!.State);

        Assert.Equal(["one retired", "two active"], (await Store.ListAsync(default)).Select(key => $"{key.Selector} {key.State}"));
        Assert.Equal(1L, await Database.ScalarAsync<long>("select count(*) from dkim_keys where private_key is null and selector = 'one' and retired_at is not null"));
        Assert.Contains("s=two;", Encoding.UTF8.GetString((await SignerAsync()).Sign(Verifying.Message()).Bytes()), StringComparison.Ordinal);
        Assert.Null(await Store.ActivateAsync("example.com", "one", default));
        Assert.Equal("retired", (await Store.RetireAsync("example.com", "two", default))!.State);
    }

    [Fact]
    public async Task NoSecretStandsInTheDatabase()
    {
        await ActiveAsync("rsa");
        await ActiveAsync("ed25519");

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from dkim_keys where private_key like '%PRIVATE KEY%' or private_key not like 'k1.%'"));
    }

    [Fact]
    public async Task WhereAKeyCantBeOpenedNothingLeaves()
    {
        await ActiveAsync("rsa");
        using var signer = new DkimKeys(new DkimKeyStore(DataSource, KeyRing.Generate()), KeyRing.Generate(), TimeProvider.System);

        Assert.Contains("example.com", await signer.RefreshAsync(default), StringComparison.Ordinal);
    }

    private async Task<DkimKey> ActiveAsync(string algorithm, string domain = "example.com")
    {
        var selector = algorithm == "rsa" ? "one" : "second";
        await Store.CreateAsync(domain, selector, algorithm, default);
        return (await Store.ActivateAsync(domain, selector, default))!;
    }

    private async Task<DkimKeys> SignerAsync()
    {
        var signer = new DkimKeys(Store, _ring, TimeProvider.System);
        Assert.Null(await signer.RefreshAsync(default));
        return signer;
    }
}
