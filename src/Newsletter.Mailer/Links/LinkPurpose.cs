namespace Newsletter.Mailer.Links;

/// <summary>What a token may be used for. The name, in lower case, goes into its MAC: never rename one.</summary>
public enum LinkPurpose
{
    /// <summary>Leaving one newsletter. Never expires.</summary>
    Unsubscribe,

    /// <summary>Naming a delivery in the address that its bounce comes back to.</summary>
    Delivery,
}
