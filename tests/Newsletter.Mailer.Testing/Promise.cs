using Newsletter.Mailer.Inbox;
using Newsletter.Mailer.Reports;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// What holds whatever goes wrong: nobody is lost, neither without a word nor as rejected, expired or failed where that was not meant; copies beyond the first are no more than the SMTP connections that were open at each kill;
/// every copy has the same Message-ID and the same bytes; nobody who has left is mailed; the receipt balances.
/// </summary>
/// <param name="Fault">F1 and so on.</param>
/// <param name="Kills">Processes killed.</param>
/// <param name="Connections">SMTP connections open at the kills, together: as many copies are allowed.</param>
public sealed record Promise(string Fault, int Kills = 0, int Connections = 0)
{
    /// <summary>Copies allowed beside those of kills, where a relay keeps a message and loses the reply.</summary>
    public long LostReplies { get; init; }

    /// <summary>Readers who are meant to end rejected, expired or failed: for good, and with a reason of their own.</summary>
    public long Refused { get; init; }

    /// <summary>Readers who had left before the issue came to them.</summary>
    public IReadOnlyCollection<string> Gone { get; init; } = [];

    /// <summary>Compares the ledger with what arrived.</summary>
    /// <param name="room">Where the issue was sent.</param>
    /// <param name="issue">Ended by now.</param>
    /// <returns>What was counted; also reported.</returns>
    /// <exception cref="PromiseBrokenException">The promise doesn't hold; the message says where.</exception>
    public async Task<FaultLine> CheckAsync(Mailroom room, long issue)
    {
        var receipt = await room.ReceiptAsync(issue);
        var arrived = room.Inbox.Messages.After(0, int.MaxValue).Where(message => message.MessageId.StartsWith($"<{issue}.", StringComparison.Ordinal)).ToList();
        var copies = arrived.GroupBy(message => message.Recipients.Single(), StringComparer.OrdinalIgnoreCase)
            .ToDictionary(group => group.Key, group => group.ToList(), StringComparer.OrdinalIgnoreCase);
        var accepted = await AddressesAsync(room, issue, "accepted");
        var lost = accepted.Where(address => !copies.ContainsKey(address)).ToList();
        var line = new FaultLine(
            Fault, Kills, Connections, receipt.Audience, lost.Count + receipt.Pending + receipt.Sending + receipt.Deferred, arrived.Count - copies.Count, receipt.Unknown);
        FaultForm.Report(line);
        Require(line.Lost == 0, $"{line.Lost} lost: accepted in the ledger and not at the relay: {Some(lost)}; waiting: {receipt.Pending + receipt.Sending + receipt.Deferred}", line);
        Require(receipt.State is "finished" or "cancelled" && receipt.Balanced, $"the issue is {receipt.State} ({receipt.Reason}) and its receipt {(receipt.Balanced ? "balances" : "doesn't balance")}: {receipt}", line);
        Require(receipt.Rejected + receipt.Expired + receipt.Failed == Refused,
            $"{receipt.Rejected} rejected, {receipt.Expired} expired and {receipt.Failed} failed, where {Refused} were meant to be", line);
        Require(line.Copies <= Connections + LostReplies, $"{line.Copies} copies beyond the first, where {Connections + LostReplies} are allowed", line);
        CheckCopies(copies, line);
        var mailed = Gone.Where(copies.ContainsKey).ToList();
        Require(mailed.Count == 0, $"mailed although they had left: {Some(mailed)}", line);
        return line;
    }

    private static void CheckCopies(Dictionary<string, List<ReceivedMessage>> copies, FaultLine line)
    {
        foreach (var (address, messages) in copies)
        {
            Require(messages.Count <= 2, $"{address} got {messages.Count} copies: after a second loss a delivery stays unknown", line);
            Require(messages.Select(message => message.MessageId).Distinct(StringComparer.Ordinal).Count() == 1, $"{address} got copies with different Message-IDs", line);
            Require(messages.Select(message => message.Sha256).Distinct(StringComparer.Ordinal).Count() == 1, $"{address} got copies with different bytes", line);
        }

        var ids = copies.Values.Select(messages => messages[0].MessageId).Distinct(StringComparer.Ordinal).Count();
        Require(ids == copies.Count, $"{copies.Count} readers share {ids} Message-IDs", line);
    }

    private static Task<IReadOnlyList<string>> AddressesAsync(Mailroom room, long issue, string status) => room.Database.ListAsync<string>(
        """
        select b.address from issues i
        join deliveries d on d.part_key = i.part_key and d.issue_id = i.id
        join subscribers b on b.id = d.subscriber_id
        where i.id = $1 and d.status = $2::delivery_status
        """,
        issue, status);

    private static string Some(List<string> addresses) => string.Join(", ", addresses.Take(5));

    private static void Require(bool holds, string otherwise, FaultLine line)
    {
        if (!holds)
            throw new PromiseBrokenException($"{otherwise}. {line}. Seed {FaultForm.Seed} (NEWSLETTER_FAULTS_SEED repeats it).");
    }
}

/// <summary>A promise did not hold.</summary>
public sealed class PromiseBrokenException(string message, Exception? cause = null) : Exception(message, cause);
