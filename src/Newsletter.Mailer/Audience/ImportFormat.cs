namespace Newsletter.Mailer.Audience;

/// <summary>How another program writes its list: how its file is told from others, and what its columns and words mean.</summary>
internal sealed record ImportFormat
{
    private static readonly Dictionary<string, WantedStatus> UsualWords = new(StringComparer.OrdinalIgnoreCase)
    {
        ["active"] = WantedStatus.Active,
        ["pending"] = WantedStatus.Pending,
        ["unsubscribed"] = WantedStatus.Unsubscribed,
        ["bounced"] = WantedStatus.Bounced,
        ["complained"] = WantedStatus.Complained,
    };

    public required ImportSource Source { get; init; }

    /// <summary>True for the normalised names of the columns of such a file.</summary>
    public required Func<ISet<string>, bool> Fits { get; init; }

    /// <summary>Normalised name of a column → what it is for; what isn't here is an attribute.</summary>
    public required IReadOnlyDictionary<string, ColumnRole> Columns { get; init; }

    /// <summary>Words of the column of statuses.</summary>
    public IReadOnlyDictionary<string, WantedStatus> Words { get; init; } = UsualWords;

    /// <summary>Words of the column of statuses that stand for a paying reader as well.</summary>
    public IReadOnlyCollection<string> PaidWords { get; init; } = [];

    private static IReadOnlyList<ImportFormat> Known { get; } =
    [
        new()
        {
            Source = ImportSource.Newsletter,
            Fits = names => names.IsSupersetOf(["email", "status", "tier", "tags", "subscribed_at", "confirmed_at", "unsubscribed_at"]),
            Columns = Roles("email=Email name=Name status=Status tier=Tier tags=Tags language=Language time_zone=TimeZone subscribed_at=SubscribedAt confirmed_at=Nothing unsubscribed_at=LeftTime issue_frequency=Frequency attributes_json=Json"),
        },
        new()
        {
            Source = ImportSource.Listmonk,
            Fits = names => names.IsSupersetOf(["uuid", "email", "attributes", "status"]),
            Columns = Roles("email=Email name=Name attributes=Json status=Status created_at=SubscribedAt updated_at=Nothing uuid=Nothing id=Nothing"),
            Words = Meanings("enabled=Active disabled=Unsubscribed blocklisted=Blocked blacklisted=Blocked"),
        },
        new()
        {
            Source = ImportSource.Mailchimp,
            Fits = names => names.Contains("email_address") && new[] { "leid", "euid", "member_rating", "optin_time" }.Count(names.Contains) >= 2,
            Columns = Roles("email_address=Email tags=Tags optin_time=SubscribedAt unsub_time=LeftAt clean_time=BouncedAt member_rating=Nothing leid=Nothing euid=Nothing optin_ip=Nothing confirm_time=Nothing confirm_ip=Nothing last_changed=Nothing gmtoff=Nothing dstoff=Nothing latitude=Nothing longitude=Nothing unsub_campaign_id=Nothing unsub_campaign_title=Nothing clean_campaign_id=Nothing clean_campaign_title=Nothing"),
        },
        new()
        {
            Source = ImportSource.Substack,
            Fits = names => names.IsSupersetOf(["email", "active_subscription", "email_disabled"]) || names.IsSupersetOf(["email", "stripe_plan", "start_date"]),
            Columns = Roles("email=Email name=Name active_subscription=Paid stripe_plan=Paid email_disabled=Left created_at=SubscribedAt start_date=SubscribedAt"),
        },
        new()
        {
            Source = ImportSource.Beehiiv,
            Fits = names => names.IsSupersetOf(["email", "status"])
                && (names.Contains("subscription_tier") || names.Contains("subscription_premium_tiers") || (names.Contains("tier") && (names.Contains("referral_code") || names.Contains("utm_source")))),
            Columns = Roles("email=Email status=Status subscription_tier=Paid tier=Paid subscription_premium_tiers=Paid created_at=SubscribedAt created=SubscribedAt subscribed_at=SubscribedAt tags=Tags id=Nothing subscriber_id=Nothing"),
            Words = Meanings("active=Active inactive=Unsubscribed unsubscribed=Unsubscribed pending=Pending validating=Pending needs_attention=Pending invalid=Bounced"),
        },
        new()
        {
            Source = ImportSource.Ghost,
            Fits = names => names.IsSupersetOf(["email", "subscribed_to_emails", "complimentary_plan"]),
            Columns = Roles("email=Email name=Name subscribed_to_emails=Stays complimentary_plan=Paid tiers=Paid labels=Tags created_at=SubscribedAt deleted_at=LeftAt id=Nothing stripe_customer_id=Nothing"),
        },
        new()
        {
            Source = ImportSource.Buttondown,
            Fits = names => (names.Contains("email_address") || names.Contains("email")) && names.Contains("metadata")
                && (names.Contains("subscriber_type") || names.Contains("type")) && (names.Contains("creation_date") || names.Contains("secondary_id")),
            Columns = Roles("email_address=Email email=Email subscriber_type=Status type=Status tags=Tags metadata=Json creation_date=SubscribedAt id=Nothing secondary_id=Nothing"),
            Words = Meanings("regular=Active premium=Active gifted=Active trialed=Active paid=Active churning=Active churned=Active past_due=Active paused=Active unpaid=Active unactivated=Pending unsubscribed=Unsubscribed removed=Unsubscribed undeliverable=Bounced bounced=Bounced complained=Complained spammy=Blocked blocked=Blocked"),
            PaidWords = ["premium", "gifted", "trialed", "paid", "churning"],
        },
        new()
        {
            Source = ImportSource.Kit,
            Fits = names => (names.Contains("email") || names.Contains("email_address")) && names.IsSupersetOf(["first_name", "created_at", "tags"])
                && (names.Contains("state") || names.Contains("status")),
            Columns = Roles("email=Email email_address=Email state=Status status=Status tags=Tags created_at=SubscribedAt id=Nothing subscriber_id=Nothing"),
            Words = Meanings("active=Active confirmed=Active inactive=Pending unconfirmed=Pending cancelled=Unsubscribed unsubscribed=Unsubscribed bounced=Bounced complained=Complained"),
        },
    ];

    private static Dictionary<string, ColumnRole> SayingWhoLeft { get; } = Roles(
        "status=Status subscription_status=Status subscriber_status=Status subscriber_type=Status state=StatusToo type=StatusToo unsubscribed=Left email_disabled=Left subscribed_to_emails=Stays "
        + "unsubscribed_at=LeftAt unsubscribe_date=LeftAt unsubscription_date=LeftAt unsub_time=LeftAt deleted_at=LeftAt cancelled_at=LeftAt opted_out=LeftAt opted_out_at=LeftAt is_unsubscribed=LeftAt "
        + "clean_time=BouncedAt bounced=BouncedAt bounced_at=BouncedAt");

    // Nobody knows whose list it is, a known program's of which columns were taken out perhaps, but it says who left: whatever any program calls that, and
    // where two mean different things, the stricter.
    private static ImportFormat Other(string mailboxes, Func<ISet<string>, bool> hasMailbox) => new()
    {
        Source = ImportSource.Other,
        Fits = names => hasMailbox(names) && names.Overlaps(SayingWhoLeft.Keys),
        Columns = Roles($"{mailboxes} name=Name full_name=Name").Concat(SayingWhoLeft).ToDictionary(StringComparer.OrdinalIgnoreCase),
        Words = Known.SelectMany(format => format.Words)
            .Concat(Meanings("subscribed=Active unsubscribe=Unsubscribed non_subscribed=Unsubscribed opted_out=Unsubscribed opt_out=Unsubscribed cleaned=Bounced"))
            .GroupBy(word => word.Key, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(word => word.Key, word => word.Max(meaning => meaning.Value), StringComparer.OrdinalIgnoreCase),
    };

    /// <summary>In the order in which a header is tried.</summary>
    public static IReadOnlyList<ImportFormat> All { get; } =
    [
        .. Known,
        Other("email=Email e_mail=Email email_address=Email e_mail_address=Email", names => names.Overlaps(["email", "e_mail", "email_address", "e_mail_address"])),
        // A column called address is somebody's street, unless it is all there is.
        Other("address=Email", names => names.Contains("address")),
    ];

    private static Dictionary<string, ColumnRole> Roles(string pairs) => Pairs<ColumnRole>(pairs);

    private static Dictionary<string, WantedStatus> Meanings(string pairs) => Pairs<WantedStatus>(pairs);

    private static Dictionary<string, T> Pairs<T>(string pairs)
        where T : struct, Enum =>
        pairs.Split(' ').Select(pair => pair.Split('=')).ToDictionary(pair => pair[0], pair => Enum.Parse<T>(pair[1]), StringComparer.OrdinalIgnoreCase);
}
