namespace Newsletter.Mailer.Links;

/// <summary>What a token may be used for. The name, in lower case, goes into its MAC: never rename one.</summary>
public enum LinkPurpose
{
    /// <summary>Leaving one newsletter. Never expires.</summary>
    Unsubscribe,

    /// <summary>Naming a delivery in the address that its bounce comes back to.</summary>
    Delivery,

    /// <summary>Confirming a sign-up, or disowning it. Its row says until when.</summary>
    Confirm,

    /// <summary>A reader's own settings. Never expires.</summary>
    Preferences,

    /// <summary>A sign-up form as it was shown.</summary>
    Form,

    /// <summary>Leaving by a mail to an address that names a delivery (RFC 2369). Never expires.</summary>
    Leave,

    /// <summary>Following an issue's measured links. Never expires.</summary>
    Click,

    /// <summary>Voting in an issue's polls. Never expires; the polls do.</summary>
    Vote,

    /// <summary>Reading one's own copy of an issue in a browser. Never expires.</summary>
    Copy,
}
