using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Delivery;

/// <summary>What a sender works with: one of each in a process.</summary>
public sealed record SendingParts
{
    public required BatchStore Batches { get; init; }

    public required DemandStore Demand { get; init; }

    public required ILedgerRecorder Recorder { get; init; }

    public required BulkRelays Relays { get; init; }

    public required IssueGuard Guard { get; init; }

    public required DatabaseContact Contact { get; init; }

    public required KeyRing Keys { get; init; }

    public required PublicSite Site { get; init; }

    public required IRejectionSorting Rejections { get; init; }

    /// <summary>Where bounces come back to; null: to the newsletter's own address.</summary>
    public ReturnPaths? ReturnPaths { get; init; }

    public required DeliveryOptions Options { get; init; }

    public required TimeProvider Clock { get; init; }

    public required ILogger<BatchSender> Log { get; init; }
}
