using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Faults;

/// <summary>Tests that start, hold and kill real workers run one after the other, over one server that they may crash.</summary>
[CollectionDefinition(Name)]
public sealed class FaultsGroup : ICollectionFixture<FaultServer>
{
    public const string Name = "Faults";
}

/// <summary>The server of <see cref="FaultsGroup"/>; every test leaves it running.</summary>
public sealed class FaultServer : IAsyncLifetime
{
    public CrashableServer Server { get; private set; } = null!;

    public async Task InitializeAsync() => Server = await CrashableServer.StartAsync();

    public async Task DisposeAsync() => await Server.DisposeAsync();
}
