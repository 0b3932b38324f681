using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Host.Tests.Commands;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Tests.Wiring;

public sealed class ListenCheckTests : IDisposable
{
    private readonly TcpListener _taken = new(IPAddress.Loopback, 0);

    public ListenCheckTests() => _taken.Start();

    public void Dispose() => _taken.Dispose();

    private int Port => ((IPEndPoint)_taken.LocalEndpoint).Port;

    [Theory]
    [InlineData("http://127.0.0.1:{0}")]
    [InlineData("http://localhost:{0}")]
    [InlineData("http://*:{0}")]
    [InlineData("http://127.0.0.1:0; https://127.0.0.1:{0}")]
    public void APortThatIsTakenIsNamedWithTheKeyToChange(string urls)
    {
        var refused = Assert.Throws<ConfigurationException>(() => ListenCheck.RefuseWhatCantBeListenedOn(string.Format(null, urls, Port)));

        Assert.StartsWith($"Port {Port} of ", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"'ss -ltnp sport = :{Port}'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("Web:Urls", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnAddressOfAnotherMachineIsToldApart() =>
        Assert.Contains("no address of this machine", Assert.Throws<ConfigurationException>(() => ListenCheck.RefuseWhatCantBeListenedOn("http://192.0.2.1:8080")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://unix:/tmp/newsletter.sock")]
    [InlineData("nonsense")]
    [InlineData("")]
    public void WhatIsFreeOrForOthersToJudgePasses(string urls) => ListenCheck.RefuseWhatCantBeListenedOn(urls);

    [Fact]
    public async Task ServeTellsItInOneSentence()
    {
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, $$"""{ "Web": { "Urls": "http://127.0.0.1:{{Port}}" }, "DataFolder": "{{file}}.none" }""");
        try
        {
            var said = await CommandTest.RunBare("serve", "--config", file);

            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Equal($"newsletter: Port {Port} of 127.0.0.1 is taken by another program ('ss -ltnp sport = :{Port}' names it): stop that one, or set Web:Urls to another port.", said.Error.Trim());
            Assert.False(Directory.Exists(file + ".none"));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
