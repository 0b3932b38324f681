namespace Newsletter.Mailer.Host.Tests.Jobs;

/// <summary>
/// Tests whose server works jobs run one after the other: Hangfire keeps some things for a whole process (its log provider is one), and
/// beside the end of one server the jobs of another were seen to stay enqueued. A real process has one server.
/// </summary>
[CollectionDefinition(Name)]
public sealed class WorkersGroup
{
    public const string Name = "Workers";
}
