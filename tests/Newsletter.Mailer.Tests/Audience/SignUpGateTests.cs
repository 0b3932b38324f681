using System.Net;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Tests.Inbox;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class SignUpGateTests
{
    private readonly ManualClock _clock = new();
    private readonly SignUpOptions _options = new() { NetworkPerHour = 3, SurgePerMinute = 5, BreakMinutes = 10 };

    [Fact]
    public void ANetworkHasAnHoursShareThatFillsUpEvenly()
    {
        var gate = new SignUpGate(_options, _clock);

        Assert.Equal([GateAnswer.Open, GateAnswer.Open, GateAnswer.Open, GateAnswer.NetworkFull], Enter(gate, "a", 4));
        _clock.Advance(TimeSpan.FromMinutes(19));
        Assert.Equal([GateAnswer.NetworkFull], Enter(gate, "a", 1));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal([GateAnswer.Open, GateAnswer.NetworkFull], Enter(gate, "a", 2));
    }

    [Fact]
    public void WhatANetworkSendsBeyondItsShareShutsNobodyElseOut()
    {
        var gate = new SignUpGate(_options, _clock);
        Enter(gate, "a", 1_000);

        Assert.Equal([GateAnswer.Open], Enter(gate, "b", 1));
    }

    [Fact]
    public void ASurgeFromManyNetworksShutsTheGateForAWhile()
    {
        var gate = new SignUpGate(_options, _clock);
        var answers = Enumerable.Range(0, 20).Select(n => gate.Enter($"n{n}")).ToList();

        Assert.Equal(5, answers.Count(answer => answer == GateAnswer.Open));
        Assert.All(answers.Skip(5), answer => Assert.Equal(GateAnswer.Surge, answer));
        _clock.Advance(TimeSpan.FromMinutes(9.9));
        Assert.Equal(GateAnswer.Surge, gate.Enter("later"));
        _clock.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal(GateAnswer.Open, gate.Enter("later"));
    }

    [Fact]
    public void NetworksThatUsedUpTheirShareShutTheGateOnce()
    {
        var gate = new SignUpGate(new SignUpOptions { NetworkPerHour = 3, SurgePerMinute = 5, BreakMinutes = 1 }, _clock);
        foreach (var network in new[] { "a", "b" })
            Enter(gate, network, 3);
        Assert.Equal(GateAnswer.Surge, gate.Glance("c"));
        _clock.Advance(TimeSpan.FromMinutes(1.1));

        foreach (var network in new[] { "a", "b" })
            Assert.All(Enter(gate, network, 100), answer => Assert.Equal(GateAnswer.NetworkFull, answer));

        Assert.Equal(GateAnswer.Open, gate.Enter("c"));
    }

    [Fact]
    public void AGlanceTellsWhoIsRefusedAndCountsNobody()
    {
        var gate = new SignUpGate(_options, _clock);
        Assert.All(Enumerable.Range(0, 10), _ => Assert.Equal(GateAnswer.Open, gate.Glance("a")));

        Enter(gate, "a", 3);
        Assert.Equal((GateAnswer.NetworkFull, GateAnswer.Open), (gate.Glance("a"), gate.Glance("b")));
        _clock.Advance(TimeSpan.FromMinutes(21));
        Assert.Equal(GateAnswer.Open, gate.Glance("a"));

        gate.Break();
        Assert.Equal((GateAnswer.Surge, GateAnswer.Surge), (gate.Glance("a"), gate.Glance("b")));
        _clock.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(GateAnswer.Open, gate.Glance("a"));
    }

    [Fact]
    public void SoManyInAMinuteIsNoSurgeInTwo()
    {
        var gate = new SignUpGate(_options, _clock);

        for (var n = 0; n < 20; n++, _clock.Advance(TimeSpan.FromSeconds(13)))
            Assert.Equal(GateAnswer.Open, gate.Enter($"n{n}"));
    }

    [Theory]
    [InlineData("203.0.113.77", "203.0.113.0/24")]
    [InlineData("::ffff:203.0.113.77", "203.0.113.0/24")]
    [InlineData("2001:db8:7:1:2:3:4:5", "2001:db8:7::/48")]
    [InlineData("::1", "::/48")]
    public void AnAddressStandsForItsNetwork(string address, string network) => Assert.Equal(network, NetworkRange.Of(IPAddress.Parse(address)));

    private static List<GateAnswer> Enter(SignUpGate gate, string network, int times) => [.. Enumerable.Range(0, times).Select(_ => gate.Enter(network))];
}
