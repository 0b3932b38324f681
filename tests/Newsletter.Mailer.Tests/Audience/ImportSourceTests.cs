using System.Text;
using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Lists as other programs export them: made up here, with their columns and words.</summary>
public sealed class ImportSourceTests : ImportTest
{
    private const string Listmonk =
        "uuid,email,name,attributes,status,created_at,updated_at\n"
        + "a-1,ana@example.com,Ana Lee,\"{\"\"city\"\": \"\"Rome\"\", \"\"age\"\": 41, \"\"deep\"\": {\"\"a\"\": [1]}}\",enabled,2024-03-01T10:00:00.5Z,2024-03-02T10:00:00Z\n"
        + "a-2,bo@example.com,Bo,{},disabled,2024-03-01T10:00:00Z,\n"
        + "a-3,cy@example.com,Cy,{},blocklisted,2024-03-01T10:00:00Z,\n";

    private const string Mailchimp =
        "\"Email Address\",\"First Name\",\"Last Name\",Address,\"Phone Number\",MEMBER_RATING,OPTIN_TIME,OPTIN_IP,LATITUDE,LEID,EUID,NOTES,TAGS\n"
        + "ana@example.com,Ana,Lee,\"1 Street, Rome\",+49123,4,\"2024-03-01 10:00:00\",192.0.2.1,41.9,1,abc,,\"\"\"Beta\"\",\"\"VIP\"\"\"\n"
        + "bo@example.com,Bo,,,,2,,,,2,def,\"a note\",\n";

    private const string Substack =
        "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
        + "ana@example.com,true,2027-01-01T00:00:00.000Z,yearly,false,2024-03-01T10:00:00.000Z,2024-03-01T10:00:00.000Z\n"
        + "bo@example.com,false,,other,false,2024-03-01T10:00:00.000Z,\n"
        + "cy@example.com,false,,other,true,2024-03-01T10:00:00.000Z,\n";

    private const string Beehiiv =
        "Id,Email,Status,Subscription Tier,Created At,UTM Source,Referral Code,First Name\n"
        + "1,ana@example.com,active,premium,2024-03-01 10:00:00 UTC,web,r1,Ana\n"
        + "2,bo@example.com,inactive,free,2024-03-01 10:00:00 UTC,web,r2,\n"
        + "3,cy@example.com,pending,free,2024-03-01 10:00:00 UTC,,r3,\n"
        + "4,di@example.com,invalid,free,2024-03-01 10:00:00 UTC,,r4,\n";

    private const string Ghost =
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
        + "1,ana@example.com,Ana Lee,met at fair,true,,cus_1,2024-03-01T10:00:00.000Z,,\"Beta,VIP\",Gold\n"
        + "2,bo@example.com,Bo,,false,,,2024-03-01T10:00:00.000Z,,,\n"
        + "3,cy@example.com,Cy,,true,true,,2024-03-01T10:00:00.000Z,,,\n";

    private const string Buttondown =
        "id,email_address,creation_date,subscriber_type,tags,notes,metadata,secondary_id,source\n"
        + "1,ana@example.com,2024-03-01T10:00:00Z,premium,\"beta, vip\",,\"{\"\"city\"\": \"\"Rome\"\"}\",1,api\n"
        + "2,bo@example.com,2024-03-01T10:00:00Z,unsubscribed,,,{},2,\n"
        + "3,cy@example.com,2024-03-01T10:00:00Z,unactivated,,,,3,\n"
        + "4,di@example.com,2024-03-01T10:00:00Z,undeliverable,,,,4,\n"
        + "5,ed@example.com,2024-03-01T10:00:00Z,complained,,,,5,\n"
        + "6,flo@example.com,2024-03-01T10:00:00Z,regular,,,,6,\n";

    private const string Kit =
        "id,first_name,email,state,created_at,tags,city\n"
        + "1,Ana,ana@example.com,active,2024-03-01 10:00:00 UTC,\"Beta, VIP\",Rome\n"
        + "2,Bo,bo@example.com,cancelled,2024-03-01 10:00:00 UTC,,\n"
        + "3,Cy,cy@example.com,bounced,2024-03-01 10:00:00 UTC,,\n"
        + "4,Di,di@example.com,complained,2024-03-01 10:00:00 UTC,,\n";

    // Status, tier and tags of ana, bo, cy, di, ed, flo; ! for a suppression, with its reason; - for nobody.
    [Theory]
    [InlineData("listmonk", Listmonk, "active/free/ unsubscribed/free/ !imported")]
    [InlineData("mailchimp", Mailchimp, "active/free/beta,vip active/free/")]
    [InlineData("substack", Substack, "active/premium/ active/free/ unsubscribed/free/")]
    [InlineData("beehiiv", Beehiiv, "active/premium/ unsubscribed/free/ pending/free/ !hard_bounce")]
    [InlineData("ghost", Ghost, "active/premium/beta,vip unsubscribed/free/ active/premium/")]
    [InlineData("buttondown", Buttondown, "active/premium/beta,vip unsubscribed/free/ pending/free/ !hard_bounce !complaint active/free/")]
    [InlineData("kit", Kit, "active/free/beta,vip unsubscribed/free/ !hard_bounce !complaint")]
    public async Task AnExportIsKnownByItsColumnsAndWhatItSaysIsHonoured(string source, string csv, string readers)
    {
        var import = await ImportFromAsync(csv);

        Assert.Equal(source, import.Source.ToString().ToLowerInvariant());
        Assert.Equal(0, import.Invalid);
        string[] addresses = ["ana@example.com", "bo@example.com", "cy@example.com", "di@example.com", "ed@example.com", "flo@example.com"];
        Assert.Equal(readers.Split(' '), await Task.WhenAll(addresses.Take(readers.Split(' ').Length).Select(StoryOfAsync)));
        Assert.Equal("2024-03-01 10:00", await Database.ScalarAsync<string>("select to_char(min(created_at) at time zone 'utc', 'YYYY-MM-DD HH24:MI') from subscriptions"));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscriptions where (status = 'unsubscribed') <> (unsubscribed_by is not null) or (status = 'pending') <> (confirmed_at is null)"));
        // The same file again changes nothing.
        var again = await ImportFromAsync(csv);
        Assert.Equal((0, 0, 0, 0L), (again.Created, again.Updated, again.Subscribed + again.Pending + again.Unsubscribed, again.Suppressions));
    }

    [Fact]
    public async Task WhatIsSaidInJsonAndInColumnsBecomesAttributes()
    {
        await ImportFromAsync(Listmonk);
        var ana = await ReadAsync("ana@example.com");
        Assert.Equal(("Ana Lee", "Rome", "41", "{\"a\": [1]}"), (ana.Name, AttributeRules.ToText(ana.Attributes["city"]), AttributeRules.ToText(ana.Attributes["age"]), AttributeRules.ToText(ana.Attributes["deep"])));

        await ImportFromAsync(Mailchimp);
        ana = await ReadAsync("ana@example.com");
        Assert.Equal(("1 Street, Rome", "+49123", "Ana", "Lee"), (Text("address"), Text("phone_number"), ana.FirstName, Text("last_name")));

        string Text(string key) => AttributeRules.ToText(ana.Attributes[key]);
    }

    [Fact]
    public async Task MailchimpsFilesOfThoseWhoLeftOrBouncedAreTakenForWhatTheyAre()
    {
        var left = await ImportFromAsync("Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID,UNSUB_TIME,UNSUB_REASON\nana@example.com,Ana,2,2024-03-01 10:00:00,1,a,2025-01-01 10:00:00,NORMAL\n");
        Assert.Equal((1, 0L), (left.Unsubscribed, left.Suppressions));
        var cleaned = await ImportFromAsync("Email Address,First Name,MEMBER_RATING,OPTIN_TIME,LEID,EUID,CLEAN_TIME\nbo@example.com,Bo,2,2024-03-01 10:00:00,1,a,2025-01-01 10:00:00\n");
        Assert.Equal((0L, 1L, 1L), (cleaned.Created, cleaned.Suppressions, cleaned.Suppressed));
        Assert.StartsWith("Listed as bounced in import", await Database.ScalarAsync<string>("select evidence from suppressions where address = 'bo@example.com'"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoLeftThereLeavesHereAndWhoLeftHereStaysAway()
    {
        await ImportAsync("email\nbo@example.com\nana@example.com\n");
        await Subscriptions.PutAsync((await ReadAsync("ana@example.com")).Id, Tea, new SubscriptionDraft { Status = "unsubscribed" }, default);

        var import = await ImportFromAsync(Buttondown);

        Assert.Equal((1L, 1L, 1L, 1L, 2L), (import.Unsubscribed, import.KeptUnsubscribed, import.Pending, import.Subscribed, import.Suppressions));
        Assert.Equal(["unsubscribed/free/beta,vip", "unsubscribed/free/"], [await StoryOfAsync("ana@example.com"), await StoryOfAsync("bo@example.com")]);
    }

    [Fact]
    public async Task AStatusThatIsNotKnownLeavesItsRowOut()
    {
        var import = await ImportFromAsync(Kit.Replace("cancelled", "mystery", StringComparison.Ordinal));

        var problem = Assert.Single(await ProblemsAsync(import.Id));
        Assert.Equal((3L, "state"), (problem.Line, problem.Column));
        Assert.Contains("nobody who left is subscribed again", problem.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADryRunCountsWhatTheImportThenDoes()
    {
        await ImportAsync("email,city\nbo@example.com,Oslo\nzed@example.com,Rome\n");
        var before = await Database.ScalarAsync<string>("select string_agg(s::text, ' ' order by id) from subscribers s");
        var csv = Buttondown + "7,bo@example.com,,regular,,,,7,\nbroken\n";

        var dry = await ImportFromAsync(csv, dryRun: true);

        Assert.True(dry.DryRun);
        Assert.Equal(before, await Database.ScalarAsync<string>("select string_agg(s::text, ' ' order by id) from subscribers s"));
        Assert.Equal((2L, 0L), (await Database.ScalarAsync<long>("select count(*) from subscriptions"), await Database.ScalarAsync<long>("select count(*) from suppressions")));
        Assert.Equal("email_address → email, tags → tags, subscriber_type → status, metadata → attributes, notes → attributes.notes, secondary_id → nothing",
            string.Join(", ", new[] { 1, 4, 3, 6, 5, 7 }.Select(place => $"{dry.Mapping[place].Column} → {dry.Mapping[place].Becomes}")));
        var real = await ImportFromAsync(csv);
        Assert.Equal(
            real with { Id = 0, DryRun = true, CreatedAt = default, ReceivedAt = null, FinishedAt = null, Mapping = [] },
            dry with { Id = 0, CreatedAt = default, ReceivedAt = null, FinishedAt = null, Mapping = [] });
    }

    [Fact]
    public async Task APlainListIsWhatItWasAndTheSourceCanBeSaid()
    {
        Assert.Equal(ImportSource.Plain, (await ImportFromAsync("email,status,tags\nana@example.com,gone,a\n", "plain")).Source);
        Assert.Equal("gone", AttributeRules.ToText((await ReadAsync("ana@example.com")).Attributes["status"]));
        Assert.Equal(ImportSource.Plain, (await ImportFromAsync(Kit.Replace("first_name", "vorname", StringComparison.Ordinal), "plain")).Source);

        var (mapping, problem) = await SubscriberImport.LookAsync(new MemoryStream(Encoding.UTF8.GetBytes("Mail,state\n")), ImportSource.Kit, default);
        Assert.Null(mapping);
        Assert.Contains("no column of addresses", problem, StringComparison.Ordinal);
        var field = Assert.Single(Assert.IsType<AudienceOutcome<Import>.Invalid>(await Imports.CreateAsync(Tea, null, "excel", false, default)).Problems);
        Assert.Equal("source", field.Field);
    }

    private async Task<string> StoryOfAsync(string address) =>
        await Database.ScalarAsync<string>("select '!' || reason from suppressions where address = $1", address)
        ?? await Database.ScalarAsync<string>(
            "select x.status || '/' || x.tier || '/' || array_to_string(s.tags, ',') from subscribers s join subscriptions x on x.subscriber_id = s.id where s.address = $1", address)
        ?? "-";
}
