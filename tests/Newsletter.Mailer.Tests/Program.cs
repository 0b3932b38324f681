using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Database;

// A process for tests that kill one. It says what it started and waits for its end.
if (args is not ["own-cluster", var folder])
{
    await Console.Error.WriteLineAsync("usage: own-cluster FOLDER");
    return 2;
}

await using var cluster = await PrivateCluster.StartAsync(
    new PrivateClusterSettings { Folder = folder, Durable = false }, NullLogger.Instance, CancellationToken.None);
Console.WriteLine(cluster.Pid);
await Console.In.ReadLineAsync();
return 0;
