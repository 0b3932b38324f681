namespace Newsletter.Mailer.Outbox;

/// <summary>Kinds of mail to one reader: a wire format, kept in the outbox.</summary>
public static class ReaderMailKinds
{
    /// <summary>Asks whether a sign-up was meant: <see cref="SignUpModel"/>.</summary>
    public const string Confirmation = "confirmation";

    /// <summary>Greets whoever has confirmed: <see cref="ReaderModel"/>.</summary>
    public const string Welcome = "welcome";

    /// <summary>Sends readers the link to their own preferences: <see cref="ReaderModel"/>.</summary>
    public const string PreferencesLink = "preferences_link";
}

/// <summary>Which sign-up a mail speaks of.</summary>
public sealed record SignUpModel(long SignUpId);

/// <summary>Which reader a mail speaks to.</summary>
public sealed record ReaderModel(long SubscriberId);
