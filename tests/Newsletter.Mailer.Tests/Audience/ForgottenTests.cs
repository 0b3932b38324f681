using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Outbox;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Addresses that are known by their hash alone: forgotten, disowned or suppressed. Whichever way they come in, they are recognised.</summary>
public sealed class ForgottenTests : ImportTest
{
    private const string Ana = "ana@example.com";

    private readonly KeyRing keys = KeyRing.Generate();

    private SubscriberStore Hashing => new(DataSource, keys);

    private SuppressionStore Hashed => new(DataSource, keys);

    private SuppressionListStore Lists => new(DataSource, keys);

    private ConfirmationStore Confirmations => new(DataSource, keys, new SignUpOptions());

    [Fact]
    public async Task WhoWasErasedComesBackByNoImportAndNoApi()
    {
        await EraseAsync();

        var import = await ImportHashedAsync("email,status\nANA@example.com,active\nbo@example.com,active\n");

        Assert.Equal((1L, 1L, 0L), (import.Created, import.Suppressed, import.Suppressions));
        Assert.Equal((0L, 1L), await CountsOf(await ImportHashedAsync("email,status\nana@example.com,bounced\n")));
        foreach (var draft in new[]
        {
            new SubscriberDraft { Email = Ana },
            new SubscriberDraft { Email = Ana, Newsletter = Tea },
            new SubscriberDraft { Email = Ana, Newsletter = Tea, Confirmed = true },
            new SubscriberDraft { Email = Ana, Newsletter = Tea, Status = "unsubscribed" },
        })
            Assert.Contains("when they sign up", Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(draft, default)).Problem, StringComparison.Ordinal);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from subscribers where address ilike 'ana@%') + (select count(*) from suppressions where address is not null)"));

        async Task<(long, long)> CountsOf(Import taken) => (await Database.ScalarAsync<long>("select count(*) from suppressions where address is not null"), taken.Suppressed);
    }

    [Fact]
    public async Task AnAddressIsForgottenWithoutAReaderOfItsOwn()
    {
        await Suppressions.AddAsync(new SuppressionDraft { Email = Ana, Reason = "hard_bounce", Evidence = "550 <ana@example.com>: no" }, default);
        await SignUpAsync();
        var import = await BeginAsync();
        await HashingImporter.ReceiveAsync(import, new MemoryStream(Encoding.UTF8.GetBytes("email\nana@example.com\nbo@example.com\n")), null, default);

        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, keys).EraseAsync(" ANA@example.com", default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("""
            select (select count(*) from suppressions where address is not null or evidence is not null) + (select count(*) from sign_ups) + (select count(*) from outbox)
                   + (select count(*) from import_rows where key = 'ana@example.com')
            """));
        Assert.Equal(["erased", "hard_bounce"], await Database.ListAsync<string>("select reason from suppressions order by 1"));
        var merged = Assert.IsType<MergeOutcome.Finished>(await HashingImporter.MergeAsync(import, null, default)).Import;
        AssertBalanced(merged);
        Assert.Equal((1L, 1L), (merged.Created, merged.Suppressed));
    }

    [Fact]
    public async Task FiltersThatNameTheAddressNameNobodyAnyMore()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = "ana.b+x@example.com", Newsletter = Tea }, default);
        const string Filter = "email = \"Ana.B+X@example.com\" or tags has \"beta\"";
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", Filter);
        await Database.ExecuteAsync("insert into bulk_changes (newsletter_id, filter, unsubscribe) select id, $1, false from newsletters", Filter);

        await new ErasureStore(DataSource, keys).EraseAsync("ana.b+x@example.com", default);

        Assert.Equal(["email = \"@\" or tags has \"beta\"", "email = \"@\" or tags has \"beta\""],
            await Database.ListAsync<string>("select filter from segments union all select filter from bulk_changes"));
    }

    [Fact]
    public async Task WhoIsTakenInWhileTheyAreForgottenIsForgotten()
    {
        for (var n = 0; n < 30; n++)
        {
            var address = $"reader{n}@example.com";
            await Task.WhenAll(
                Hashing.CreateAsync(new SubscriberDraft { Email = address, Newsletter = Tea }, default), new ErasureStore(DataSource, keys).EraseAsync(address, default),
                Hashing.CreateAsync(new SubscriberDraft { Email = address }, default));
        }

        Assert.Equal((0L, 30L), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<long>("select count(*) from suppressions where reason = 'erased'")));
    }

    [Fact]
    public async Task WhatAnIssueAsksOfItsReadersNamesNobodyAnyMore()
    {
        await Database.ExecuteAsync("insert into editions (newsletter_id, number, slug, title, subject, source, state) select id, 35, 'x', 'X', 'X', '', 'published' from newsletters");
        await Database.ExecuteAsync("""
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce, segment_filter, variant_questions)
            select e.id, e.newsletter_id, 1, 'finished', 'k', now(), 'n', 'email = "Ana@example.com"', jsonb_build_array(jsonb_build_object('filter', 'email = "Ana@example.com" or email = "joana@example.com"')) from editions e
            """);

        await new ErasureStore(DataSource, keys).EraseAsync(Ana, default);

        Assert.Equal("email = \"@\" [{\"filter\": \"email = \\\"@\\\" or email = \\\"joana@example.com\\\"\"}]", await Database.ScalarAsync<string>("select segment_filter || ' ' || variant_questions from issues"));
    }

    [Fact]
    public void TheNameOfNobodyIsAFilterStill() => Assert.Null(Newsletter.Mailer.Audience.Segments.SegmentFilter.TryParse("email = \"@\" or not email = \"@\"", out _));

    [Theory]
    [InlineData("not email = \"joann@e.example.com\"")]
    [InlineData("email = \"ann@e.example.com.au\"")]
    [InlineData("email = \"annXe.example.com\"")]
    public async Task FiltersThatNameOthersStayAsTheyAre(string filter)
    {
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", filter);

        await new ErasureStore(DataSource, keys).EraseAsync("ann@e.example.com", default);

        Assert.Equal(filter, await Database.ScalarAsync<string>("select filter from segments"));
    }

    [Theory]
    [InlineData("😀x@example.com")]
    [InlineData("a.b+c-d_e/f=g?h^i{j}|k~l!m#n$o%p&q'r*s`t@example.com")]
    [InlineData("ünïcode@example.com")]
    [InlineData("x@bücher.example")]
    [InlineData("\"a b\"@example.com")]
    [InlineData("\"a\\\\b\"@example.com")]
    public async Task WhateverStandsInAnAddressItIsForgotten(string address)
    {
        var written = address.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);
        Assert.Null(Newsletter.Mailer.Audience.Segments.SegmentFilter.TryParse($"email = \"{written}\"", out _));
        await Database.ExecuteAsync("insert into segments (newsletter_id, slug, name, filter) select id, 'one', 'One', $1 from newsletters", $"email = \"{written}\"");
        await Hashing.CreateAsync(new SubscriberDraft { Email = address, Newsletter = Tea }, default);

        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default));

        Assert.Equal((0L, "email = \"@\""), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<string>("select filter from segments")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhoeverSaysByAnyLinkThatItWasntThemHasLeft(bool byTheConfirmed)
    {
        var first = await SignUpAsync();
        await Confirmations.DecideAsync(first, default);
        await Database.ExecuteAsync("update sign_ups set mailed_at = mailed_at - interval '25 hours', created_at = created_at - interval '25 hours'");
        var second = await SignUpAsync();
        await Confirmations.DecideAsync(second, default);
        await Confirmations.ConfirmAsync(second, IPAddress.Loopback, default);
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions"));

        Assert.True(await Confirmations.DisownAsync(byTheConfirmed ? second : first, default));

        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task AReaderIsForgottenByTheirAddressAndOneNobodyKnowsIsKeptOut()
    {
        await ImportAsync("email\nana@example.com\n");

        foreach (var address in new[] { "Ana@Example.com", "ana@example.com", "nobody@example.com" })
            Assert.IsType<AudienceOutcome<Subscriber>.Removed>(await new ErasureStore(DataSource, keys).EraseAsync(address, default));

        Assert.Equal((0L, 2L), (await Database.ScalarAsync<long>("select count(*) from subscribers"), await Database.ScalarAsync<long>("select count(*) from suppressions where reason = 'erased'")));
        Assert.Equal(2L, (await ImportHashedAsync("email\nana@example.com\nnobody@example.com\n")).Suppressed);
        Assert.Contains("@", Assert.IsType<AudienceOutcome<Subscriber>.Invalid>(await new ErasureStore(DataSource, keys).EraseAsync("ana", default)).Problems.Single().Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoWasErasedComesBackByTheirOwnSignUpAloneAndIsThenOneOfAll()
    {
        await EraseAsync();
        var id = await SignUpAsync();
        Assert.True((await Confirmations.DecideAsync(id, default)).IsSent);
        var reader = await Database.ScalarAsync<long>("select id from subscribers");
        // Asked is not confirmed: until then nobody else may say yes for them.
        var put = await new SubscriptionStore(DataSource, keys).PutAsync(reader, Tea, new SubscriptionDraft { Status = "active", Confirmed = true }, default);
        Assert.IsType<AudienceOutcome<SubscriptionStatus>.Conflict>(put);

        Assert.Equal(ConfirmResult.Confirmed, (await Confirmations.ConfirmAsync(id, IPAddress.Loopback, default)).Result);

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
        Assert.Equal("erased", Assert.Single((await Hashed.ListLiftedAsync(Parsed(Ana), PageRequest.First, default)).Items).Reason);
        Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
        Assert.Equal(1L, (await ImportHashedAsync("email,city\nana@example.com,Bath\n")).Updated);
    }

    [Fact]
    public async Task LiftingTheBounceOfWhoWasErasedLetsThemSignUpAndNobodyElseBringThemBack()
    {
        await EraseAsync("hard_bounce");
        Assert.False((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
        var bounce = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal((null, "hard_bounce"), (bounce.Address, bounce.Reason));

        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashed.RemoveAsync(bounce.Id, "It works again.", 7, default));

        var erased = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal("erased", erased.Reason);
        Assert.Contains("when they sign up", Assert.IsType<AudienceOutcome<Suppression>.Conflict>(await Hashed.RemoveAsync(erased.Id, null, 7, default)).Problem, StringComparison.Ordinal);
        Assert.Equal(1L, (await ImportHashedAsync("email\nana@example.com\n")).Suppressed);
        Assert.True((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
    }

    [Theory]
    [InlineData("complaint")]
    [InlineData("manual")]
    public async Task WhoIsSuppressedByHashGetsNoConfirmationAndCanNotConfirm(string reason)
    {
        var early = await SignUpAsync();
        Assert.True((await Confirmations.DecideAsync(early, default)).IsSent);
        await Database.ExecuteAsync("delete from subscribers; update sign_ups set mailed_at = mailed_at - interval '2 days'");
        await Hashed.AddAsync(new SuppressionDraft { Email = "Ana@Example.com", AsHash = true, Reason = reason }, default);

        var late = await SignUpAsync();

        Assert.False((await Confirmations.DecideAsync(late, default)).IsSent);
        Assert.Equal("dropped suppressed", await Database.ScalarAsync<string>("select state || ' ' || dropped_because from sign_ups where id = $1", late));
        Assert.Equal(ConfirmResult.Blocked, (await Confirmations.ConfirmAsync(early, IPAddress.Loopback, default)).Result);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from subscribers"));
    }

    [Fact]
    public async Task AReaderWhoIsKnownByHashAndLeftElsewhereHasLeft()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);
        Assert.Equal("active", await Database.ScalarAsync<string>("select status from subscriptions"));

        Assert.Equal(1L, (await ImportHashedAsync("email,status\nana@example.com,unsubscribed\n")).Suppressed);

        Assert.Equal("unsubscribed", await Database.ScalarAsync<string>("select status from subscriptions"));
    }

    [Fact]
    public async Task WhoDisownedASignUpStaysOutUntilAPersonLiftsIt()
    {
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);

        Assert.Equal(1L, (await ImportHashedAsync("email\nana@example.com\n")).Suppressed);
        Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
        var disowned = (await Hashed.FindAsync(Parsed(Ana), default))!;
        Assert.Equal("not_me", disowned.Reason);
        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashed.RemoveAsync(disowned.Id, "Asked us by phone.", 7, default));
        Assert.True((await Confirmations.DecideAsync(await SignUpAsync(), default)).IsSent);
    }

    [Fact]
    public async Task AReaderOfSomethingElseWhoDisownedASignUpGoesOnReadingIt()
    {
        await AddNewsletterAsync("coffee");
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = "coffee" }, default);
        var id = await SignUpAsync();
        await Confirmations.DecideAsync(id, default);
        await Confirmations.DisownAsync(id, default);

        Assert.Equal(0, await Lists.ApplyHashesAsync(default));

        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions where address is not null"));
        Assert.IsType<AudienceOutcome<Subscriber>.Updated>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Name = "Ana B" }, default));
        Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default));
    }

    [Fact]
    public async Task ForgottenAddressesGoOutAndComeInWithTheListAndOnlyAsHashes()
    {
        await EraseAsync("complaint");
        using var output = new MemoryStream();
        await Lists.ExportAsync(output, default);
        await Database.ExecuteAsync("delete from suppressions");

        output.Position = 0;
        Assert.Equal((2L, 0L), (await Lists.ImportAsync(output, default)).Import is { } import ? (import.Added, import.Invalid) : default);

        Assert.Equal("complaint erased", await Database.ScalarAsync<string>("select string_agg(reason, ' ' order by reason) from suppressions where address_hash is not null"));
        foreach (var draft in new[] { new SuppressionDraft { Email = Ana, Reason = "erased" }, new SuppressionDraft { Domain = "example.com", Reason = "not_me" } })
            Assert.Equal("reason", Assert.IsType<AudienceOutcome<Suppression>.Invalid>(await Hashed.AddAsync(draft, default)).Problems[0].Field);
        // What stands there already for another reason is another fact.
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "manual" }, default));
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "erased" }, default));
        Assert.IsType<AudienceOutcome<Suppression>.Created>(await Hashed.AddAsync(new SuppressionDraft { Email = Ana, AsHash = true, Reason = "not_me" }, default));
    }

    [Fact]
    public async Task WhoIsErasedWhileTheirRowWaitsIsLeftOutAndTheRestOfTheImportIsMade()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        await Importer.ReceiveAsync(id, new MemoryStream("email\nana@example.com\nbo@example.com\nANA@example.com\n"u8.ToArray()), null, default);

        await new ErasureStore(DataSource, keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);

        var import = Assert.IsType<MergeOutcome.Finished>(await Importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((3L, 1L, 2L), (import.Rows, import.Created, import.Suppressed));
        AssertBalanced(import);
        Assert.Equal("bo@example.com", await Database.ScalarAsync<string>("select string_agg(address, ' ') from subscribers"));
    }

    [Fact]
    public async Task WhoIsErasedWhileTheFileIsStillOnItsWayDoesNotComeBackWithItsRest()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        var (importer, file) = (HashingImporter, new System.IO.Pipelines.Pipe());
        var receiving = importer.ReceiveAsync(id, file.Reader.AsStream(), null, default);
        // A chunk's worth is staged, her row among it, before she asks to be forgotten; the rest comes after.
        var first = string.Concat(Enumerable.Range(0, 30_000).Select(n => $"reader{n}@example.com\n"));
        await file.Writer.WriteAsync(Encoding.UTF8.GetBytes($"email\nana@example.com\n{first}"));
        await UntilAsync("select count(*) from import_rows where key = 'ana@example.com'");

        await new ErasureStore(DataSource, keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);
        await file.Writer.WriteAsync("ANA@example.com\nbo@example.com\n"u8.ToArray());
        await file.Writer.CompleteAsync();
        Assert.IsType<ReceiveOutcome.Received>(await receiving);

        var import = Assert.IsType<MergeOutcome.Finished>(await importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((30_003L, 30_001L, 2L), (import.Rows, import.Created, import.Suppressed));
        AssertBalanced(import);
        Assert.Equal(0L, await Database.ScalarAsync<long>("select (select count(*) from subscribers where address ilike 'ana@%') + (select count(*) from import_rows)"));
    }

    [Fact]
    public async Task AnErasureThatHasBegunBeforeTheMergeIsWaitedFor()
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = Ana, Newsletter = Tea }, default);
        var id = await BeginAsync();
        // Its last statement waits for us: it has looked for rows, and nobody sees its hash yet.
        await using var holder = await DataSource.OpenConnectionAsync();
        await using var holding = await holder.BeginTransactionAsync();
        await using (var hold = new Npgsql.NpgsqlCommand("select id from subscribers for update", holder))
            await hold.ExecuteScalarAsync();
        var erasing = new ErasureStore(DataSource, keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default);
        await UntilAsync("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'");
        Assert.IsType<ReceiveOutcome.Received>(await HashingImporter.ReceiveAsync(id, new MemoryStream("email\nana@example.com\nbo@example.com\n"u8.ToArray()), null, default));

        var merging = HashingImporter.MergeAsync(id, null, default);
        await UntilAsync("select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())");
        await holding.CommitAsync();

        await erasing;
        Assert.Equal((1L, 1L), Assert.IsType<MergeOutcome.Finished>(await merging).Import is { } import ? (import.Created, import.Suppressed) : default);
        Assert.Equal("bo@example.com", await Database.ScalarAsync<string>("select string_agg(address, ' ') from subscribers"));
    }

    private async Task UntilAsync(string any)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await Database.ScalarAsync<long>(any) == 0)
            await Task.Delay(20, patience.Token);
    }

    private SubscriberImport HashingImporter => new(
        Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource, keys), NullLogger<SubscriberImport>.Instance, keys);

    private static EmailAddress Parsed(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text, nameof(text));

    private async Task EraseAsync(string? suppressed = null)
    {
        await Hashing.CreateAsync(new SubscriberDraft { Email = "Ana@example.com", Newsletter = Tea }, default);
        if (suppressed is not null)
            await Suppressions.AddAsync(new SuppressionDraft { Email = Ana, Reason = suppressed, Evidence = "From ana@example.com." }, default);
        Assert.IsType<AudienceOutcome<Subscriber>.Removed>(
            await new ErasureStore(DataSource, keys).EraseAsync(await Database.ScalarAsync<long>("select id from subscribers"), default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions p where p::text ilike '%ana@%'"));
    }

    private async Task<long> SignUpAsync()
    {
        var newsletter = await Database.ScalarAsync<long>("select id from newsletters where slug = 'tea'");
        var signUp = new SignUp { NewsletterId = newsletter, Address = Parsed(Ana), Language = "en", Form = "page", Wording = "I want tea.", From = IPAddress.Loopback };
        var put = await new SignUpStore(DataSource, new SignUpOptions()).PutAsync(signUp, NetworkRange.Of(signUp.From), default);
        var model = await Database.ScalarAsync<string>("select model::text from outbox where id = $1", put.OutboxId);
        return System.Text.Json.JsonSerializer.Deserialize<SignUpModel>(model!)!.SignUpId;
    }

    private async Task<Import> ImportHashedAsync(string csv)
    {
        var importer = new SubscriberImport(Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource), NullLogger<SubscriberImport>.Instance, keys);
        var id = await BeginAsync();
        Assert.IsType<ReceiveOutcome.Received>(await importer.ReceiveAsync(id, new MemoryStream(Encoding.UTF8.GetBytes(csv)), null, default));
        var import = Assert.IsType<MergeOutcome.Finished>(await importer.MergeAsync(id, null, default)).Import;
        AssertBalanced(import);
        return import;
    }
}
