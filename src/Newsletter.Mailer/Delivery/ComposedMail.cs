namespace Newsletter.Mailer.Delivery;

/// <summary>What became of a mail in the outbox when it was to be made.</summary>
internal abstract record ComposedMail
{
    private ComposedMail()
    {
    }

    /// <summary>Finished bytes.</summary>
    public sealed record Ready(OutgoingMail Mail) : ComposedMail;

    /// <summary>It can't be made, now or later; the sentence says why.</summary>
    public sealed record Impossible(string Problem) : ComposedMail;

    /// <summary>Nobody is to get it any more.</summary>
    public sealed record Needless : ComposedMail;
}
