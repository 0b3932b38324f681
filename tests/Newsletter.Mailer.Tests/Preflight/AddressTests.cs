using System.Net;
using System.Net.Sockets;
using System.Text;
using Newsletter.Mailer.Preflight.Addresses;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Preflight;

/// <summary>What is behind links, and what must not be asked.</summary>
public sealed class AddressTests : DatabaseTest
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    [InlineData("::1")]
    [InlineData("::")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("::127.0.0.1")]
    [InlineData("64:ff9b::10.0.0.1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fe80::1")]
    [InlineData("2001:db8::1")]
    public void PrivateAddressesAreNoneOfTheInternets(string address) => Assert.False(PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("1.1.1.1")]
    [InlineData("172.32.0.1")]
    [InlineData("2606:4700::1111")]
    [InlineData("::ffff:1.1.1.1")]
    [InlineData("64:ff9b::1.1.1.1")]
    public void PublicOnesAre(string address) => Assert.True(PublicAddress.IsPublic(IPAddress.Parse(address)));

    [Theory]
    [InlineData("/fine", AddressVerdict.Fine)]
    [InlineData("/no-head", AddressVerdict.Fine)]
    [InlineData("/moved", AddressVerdict.Fine)]
    [InlineData("/members", AddressVerdict.Fine)]
    [InlineData("/gone", AddressVerdict.Dead)]
    [InlineData("/broken", AddressVerdict.Unreachable)]
    [InlineData("/round", AddressVerdict.Unreachable)]
    [InlineData("/to-file", AddressVerdict.Unreachable)]
    [InlineData("/nonsense", AddressVerdict.Unreachable)]
    public async Task WhatAServerAnswersIsRead(string path, AddressVerdict verdict)
    {
        await using var server = new Site();
        using var probe = new AddressProbe(TimeSpan.FromSeconds(30), _ => true);

        var state = await probe.LookAsync(server.Url(path), default);

        Assert.Equal(verdict, state.Verdict);
        Assert.Equal(verdict != AddressVerdict.Fine, state.Detail is { Length: > 0 });
    }

    [Fact]
    public async Task TheLengthIsThatOfTheWholeThing()
    {
        await using var server = new Site();
        using var probe = new AddressProbe(TimeSpan.FromSeconds(30), _ => true);

        Assert.Equal((1234L, "image/png"), (await probe.LookAsync(server.Url("/fine"), default)) is var head ? (head.Bytes, head.ContentType) : default);
        Assert.Equal(5678L, (await probe.LookAsync(server.Url("/no-head"), default)).Bytes);
    }

    [Fact]
    public async Task NobodyInTheHouseIsAsked()
    {
        await using var server = new Site();
        using var probe = new AddressProbe();

        Assert.Equal(AddressVerdict.Private, (await probe.LookAsync(server.Url("/fine"), default)).Verdict);
        Assert.Equal(AddressVerdict.Private, (await probe.LookAsync(server.Url("/fine").Replace("127.0.0.1", "localhost", StringComparison.Ordinal), default)).Verdict);
        Assert.Empty(server.Asked);
    }

    [Fact]
    public async Task ARedirectIntoTheHouseIsRefused()
    {
        await using var server = new Site();
        // Another loopback address stands for a private one here.
        using var probe = new AddressProbe(TimeSpan.FromSeconds(30), address => address.Equals(IPAddress.Loopback));

        var state = await probe.LookAsync(server.Url("/inside"), default);

        Assert.Equal(AddressVerdict.Private, state.Verdict);
        Assert.DoesNotContain("/secret", string.Join(' ', server.Asked), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatSaysNothingIsGivenUp()
    {
        await using var server = new Site();
        using var probe = new AddressProbe(TimeSpan.FromMilliseconds(300), _ => true);

        var state = await probe.LookAsync(server.Url("/silent"), default);

        Assert.Equal(AddressVerdict.Unreachable, state.Verdict);
        Assert.Contains("no answer within", state.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatWasLookedAtLatelyIsntAskedAgain()
    {
        await using var server = new Site();
        using var probe = new AddressProbe(TimeSpan.FromSeconds(30), _ => true);
        var book = new AddressBook(probe, new AddressStore(Database.DataSource));
        CheckedAddress[] addresses = [new() { Url = server.Url("/fine"), IsImage = true }, new() { Url = server.Url("/gone"), IsImage = false }];

        Assert.Empty(await book.KnownAsync(addresses, default));
        var first = await book.LookAsync(addresses, default);
        var asked = server.Asked.Count;
        var second = await book.LookAsync(addresses, default);

        Assert.Equal((2, first[addresses[0].Url], first[addresses[1].Url]), (second.Count, second[addresses[0].Url], second[addresses[1].Url]));
        Assert.Equal(asked, server.Asked.Count);

        await Database.ExecuteAsync("update link_checks set checked_at = now() - interval '16 minutes'");
        Assert.Equal(addresses[0].Url, Assert.Single(await book.KnownAsync(addresses, default)).Key);
        await book.LookAsync(addresses, default);
        Assert.True(server.Asked.Count > asked);
    }

    /// <summary>A site with every kind of answer, on loopback.</summary>
    private sealed class Site : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _running;

        public Site()
        {
            _listener.Start();
            _running = RunAsync();
        }

        public System.Collections.Concurrent.ConcurrentQueue<string> Asked { get; } = [];

        private int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public string Url(string path) => FormattableString.Invariant($"http://127.0.0.1:{Port}{path}");

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _running;
            _stop.Dispose();
        }

        private async Task RunAsync()
        {
            try
            {
                while (true)
                    _ = AnswerAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The test is over.
            }
        }

        private async Task AnswerAsync(TcpClient client)
        {
            using var connection = client;
            try
            {
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
                var request = (await reader.ReadLineAsync(_stop.Token) ?? "").Split(' ');
                while (await reader.ReadLineAsync(_stop.Token) is { Length: > 0 })
                {
                }

                Asked.Enqueue(string.Join(' ', request));
                if (request[1] == "/silent")
                    await Task.Delay(Timeout.Infinite, _stop.Token);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Answer(request[0], request[1])), _stop.Token);
            }
            catch (Exception e) when (e is OperationCanceledException or IOException)
            {
                // The probe hung up, or the test is over.
            }
        }

        private string Answer(string method, string path) => (method, path) switch
        {
            (_, "/fine") => "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 1234\r\nConnection: close\r\n\r\n",
            ("HEAD", "/no-head") => "HTTP/1.1 405 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/no-head") => "HTTP/1.1 206 Partial Content\r\nContent-Type: image/png\r\nContent-Range: bytes 0-0/5678\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx",
            (_, "/moved") => "HTTP/1.1 301 Moved\r\nLocation: /fine\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/members") => "HTTP/1.1 403 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/gone") => "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/broken") => "HTTP/1.1 500 Oh\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/round") => "HTTP/1.1 302 On\r\nLocation: /round\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/to-file") => "HTTP/1.1 302 On\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            (_, "/inside") => FormattableString.Invariant($"HTTP/1.1 302 On\r\nLocation: http://127.0.0.2:{Port}/secret\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
            _ => "nonsense\r\n\r\n",
        };
    }
}
