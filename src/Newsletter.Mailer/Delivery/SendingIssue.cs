using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Delivery;

/// <summary>What the messages of an issue have in common. None of it changes after the freeze, so it may be kept for as long as it is used.</summary>
public sealed record SendingIssue
{
    public required long Id { get; init; }

    public required long PartKey { get; init; }

    public required long NewsletterId { get; init; }

    /// <summary>The key that signed this issue's links at the freeze, and signs them in every copy.</summary>
    public required string LinkKey { get; init; }

    /// <summary>What its Message-IDs are made of: a secret, an @, and the domain of the newsletter's address at the freeze.</summary>
    public required string Nonce { get; init; }

    /// <summary>An unknown is sent once more.</summary>
    public required bool ResendUnknown { get; init; }

    public required IReadOnlyDictionary<short, CompiledMessage> Variants { get; init; }

    /// <summary>The finished message of one delivery. The same delivery gives the same bytes, unless the reader changed meanwhile.</summary>
    /// <param name="delivery">Whose.</param>
    /// <param name="sender">Envelope sender.</param>
    /// <param name="keys">Sign its links.</param>
    /// <param name="site">Where they lead.</param>
    /// <param name="returns">Give it an envelope sender of its own instead; null: <paramref name="sender"/>.</param>
    public OutgoingMail MessageFor(PendingDelivery delivery, string sender, KeyRing keys, PublicSite site, ReturnPaths? returns = null)
    {
        var token = new UnsubscribeToken(NewsletterId, delivery.SubscriberId, Id).Sign(keys, LinkKey);
        var message = Variants[delivery.Variant];
        var reader = new Recipient
        {
            Address = delivery.Address,
            MessageId = IssueMessageId.Of(Id, delivery.Seq, Nonce),
            UnsubscribeUrl = site.Unsubscribe(token),
            LeaveToken = message.HasLeaveAddress ? new DeliveryToken(Id, delivery.Seq).Sign(keys, LinkKey, LinkPurpose.Leave) : null,
            ClickToken = message.MeasuresReaders ? new ClickToken(Id, delivery.SubscriberId).Sign(keys, LinkKey) : null,
            VoteToken = message.HasPolls ? new VoteToken(Id, delivery.SubscriberId).Sign(keys, LinkKey) : null,
            CopyToken = message.LinksToCopies ? new CopyToken(Id, delivery.SubscriberId).Sign(keys, LinkKey) : null,
            Name = delivery.Name,
            FirstName = delivery.FirstName,
            Tier = delivery.Tier,
            Language = delivery.Language,
            Attributes = ReadAttributes(delivery.Attributes),
        };
        var bounce = returns is null ? null : new DeliveryToken(Id, delivery.Seq).Sign(keys, LinkKey);
        return new OutgoingMail
        {
            Sender = bounce is null ? sender : returns!.For(bounce),
            EnvelopeId = bounce,
            Recipient = delivery.Address,
            Message = message.Fill(reader),
        };
    }

    private static Dictionary<string, string>? ReadAttributes(string json)
    {
        if (json is "{}")
            return null;
        using var document = JsonDocument.Parse(json);
        return AttributeText.Of(document.RootElement.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value)));
    }
}
