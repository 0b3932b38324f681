using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Suppressions by hash, whole lists of them, and what is left of one that was lifted.</summary>
public sealed class SuppressionHashTests : ImportTest
{
    private readonly KeyRing keys = KeyRing.Generate();

    private SuppressionStore Hashing => new(DataSource, keys);

    private SuppressionListStore Lists => new(DataSource, keys);

    [Fact]
    public async Task OfAHashedAddressNothingIsKeptAndItStaysOutHoweverItComes()
    {
        var made = Assert.IsType<AudienceOutcome<Suppression>.Created>(
            await Hashing.AddAsync(new SuppressionDraft { Email = "Ana@example.com", AsHash = true, Reason = "complaint" }, default)).Value;
        Assert.Equal((null, null, 64, "complaint"), (made.Address, made.Domain, made.Hash!.Length, made.Reason));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions s where s::text ilike '%ana@%'"));
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashing.AddAsync(new SuppressionDraft { Email = "ana@EXAMPLE.com", AsHash = true }, default));

        var ana = Address("ANA@example.com");
        Assert.Equal(made.Id, (await Hashing.FindAsync(ana, default))!.Id);
        Assert.IsType<AudienceOutcome<Subscriber>.Conflict>(
            await new SubscriberStore(DataSource, keys).CreateAsync(new SubscriberDraft { Email = "ana@example.com", Newsletter = Tea }, default));
        var importer = new SubscriberImport(Imports, new ImportStagingStore(DataSource), new ImportMergeStore(DataSource), NullLogger<SubscriberImport>.Instance, keys);
        var id = await BeginAsync();
        await importer.ReceiveAsync(id, new MemoryStream("email\naNa@example.com\nbo@example.com\n"u8.ToArray()), null, default);
        var import = Assert.IsType<MergeOutcome.Finished>(await importer.MergeAsync(id, null, default)).Import;
        Assert.Equal((1L, 1L, 0L), (import.Created, import.Suppressed, import.Suppressions));
        AssertBalanced(import);
    }

    [Fact]
    public async Task ASubscribersAddressIsNotHashedButAListOfHashesFindsIt()
    {
        await ImportAsync("email\nana@example.com\nbo@example.com\n");
        Assert.IsType<AudienceOutcome<Suppression>.Conflict>(await Hashing.AddAsync(new SuppressionDraft { Email = "ana@example.com", AsHash = true }, default));
        var hash = Convert.ToHexString(AddressHash.Of(keys, "ana@example.com"));

        var (import, _) = await ImportListAsync($"hash,reason\n{hash},complaint\nabc,complaint\n");

        Assert.Equal((2L, 1L, 1L, 1L), (import!.Rows, import.Added, import.Invalid, import.Matched));
        Assert.Equal("complaint", await Database.ScalarAsync<string>("select reason from suppressions where address = 'ana@example.com'"));
    }

    [Theory]
    [InlineData("550 5.1.1 No such user", "imported", "550 5.1.1 No such user")]
    [InlineData("Complaint", "complaint", null)]
    [InlineData("Bounced", "hard_bounce", "Bounced")]
    [InlineData("spam report", "complaint", "spam report")]
    [InlineData("", "imported", null)]
    public async Task WhateverAnotherProgramCallsItItIsSuppressed(string said, string reason, string? evidence)
    {
        var (import, _) = await ImportListAsync($"created,email,reason\n1,ana@example.com,{said}\n");

        Assert.Equal((1L, 0L), (import!.Added, import.Invalid));
        Assert.Equal([(reason, evidence)], (await Hashing.ListAsync(PageRequest.First, default)).Items.Select(one => (one.Reason, one.Evidence)));
    }

    [Fact]
    public async Task AnOpenQuotationMarkAnywhereIsTold()
    {
        var (import, _) = await ImportListAsync("email,note\nq1@example.com,\"oops\nq2@example.com,b\nq3@example.com,c\n");

        Assert.Equal((1L, 0L, 1L), (import!.Rows, import.Added, import.Invalid));
        Assert.Contains("quotation mark", Assert.Single(import.Problems).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhoeverIsLiftedIsLiftedWhole()
    {
        await ImportAsync("email\nana@example.com\n");
        var hash = Convert.ToHexString(AddressHash.Of(keys, "ana@example.com"));
        await Hashing.AddAsync(new SuppressionDraft { Hash = hash, Reason = "complaint" }, default);
        await Database.ExecuteAsync("insert into suppressions (address_hash, reason) select address_hash, 'not_me' from suppressions where address_hash is not null");

        var address = await Database.ScalarAsync<long>("select id from suppressions where address is not null");
        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashing.RemoveAsync(address, "It works again.", null, default));

        Assert.Equal(["not_me"], await Database.ListAsync<string>("select reason from suppressions"));
        Assert.Equal(2L, await Database.ScalarAsync<long>("select count(*) from suppressions_lifted where note = 'It works again.' and address_hash is not null"));
    }

    [Fact]
    public async Task TwoListsOfTheSameAddressesDoNotWaitForEachOther()
    {
        var addresses = Enumerable.Range(0, 4_900).Select(n => $"reader{n}@example.com").ToArray();
        for (var round = 0; round < 3; round++)
        {
            var both = await Task.WhenAll(Task.Run(() => ImportListAsync("email\n" + string.Join('\n', addresses))), Task.Run(() => ImportListAsync("email\n" + string.Join('\n', addresses.Reverse()))));
            Assert.Equal(4_900L, both.Sum(one => one.Import!.Added));
            await Database.ExecuteAsync("delete from suppressions");
        }
    }

    [Fact]
    public async Task AListThatBreaksOffStillFindsTheSubscribersOfWhatCameIn()
    {
        await ImportAsync("email\nana@example.com\nbo@example.com\n");
        var list = new StringBuilder("hash,reason\n").Append(Convert.ToHexString(AddressHash.Of(keys, "ana@example.com"))).Append(",complaint\n");
        for (var n = 0; n < 5_000; n++)
            list.Append(Convert.ToHexString(AddressHash.Of(keys, $"reader{n}@example.org"))).Append(",complaint\n");

        await Assert.ThrowsAsync<IOException>(() => Lists.ImportAsync(new BrokenOff(Encoding.UTF8.GetBytes(list.ToString())), default));

        Assert.Equal(5_000L, await Database.ScalarAsync<long>("select count(*) from suppressions where address_hash is not null"));
        Assert.Equal("complaint", await Database.ScalarAsync<string>("select reason from suppressions where address = 'ana@example.com'"));
    }

    [Fact]
    public async Task AHashIsAppliedToTheSubscriberItIsOfInTheSameCommit()
    {
        await ImportAsync("email\nana@example.com\nbo@example.com\n");
        var hash = Convert.ToHexString(AddressHash.Of(keys, "ana@example.com"));
        // What comes after the hash fails: then there is no hash either.
        await Database.ExecuteAsync("""
            create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;
            create trigger refuse before insert on suppressions for each row when (new.address is not null) execute function refuse();
            """);
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => Hashing.AddAsync(new SuppressionDraft { Hash = hash, Reason = "complaint" }, default));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions"));
        await Database.ExecuteAsync("drop trigger refuse on suppressions");

        Assert.IsType<AudienceOutcome<Suppression>.Created>(await Hashing.AddAsync(new SuppressionDraft { Hash = hash, Reason = "complaint" }, default));

        Assert.Equal("ana@example.com complaint", await Database.ScalarAsync<string>("select string_agg(address || ' ' || reason, ',') from suppressions where address is not null"));
        Assert.IsType<AudienceOutcome<Suppression>.Updated>(await Hashing.AddAsync(new SuppressionDraft { Hash = hash, Reason = "complaint" }, default));
    }

    [Fact]
    public async Task AListComesInWithReasonsAndGoesOutAsItCame()
    {
        var (import, _) = await ImportListAsync(
            "Email,Domain,Reason,Evidence\nana@example.com,,complaint,\"=told us, twice\"\n,example.org,,\nnobody,,,\nana@EXAMPLE.com,,manual,\nbo@example.com,,,\"open");

        Assert.Equal((5L, 2L, 1L, 2L), (import!.Rows, import.Added, import.Already, import.Invalid));
        Assert.Equal([(4L, "email"), (6L, null)], import.Problems.Select(problem => (problem.Line, problem.Column)));
        await Hashing.AddAsync(new SuppressionDraft { Email = "cy@example.com", AsHash = true }, default);
        var output = new MemoryStream();
        await Lists.ExportAsync(output, default);
        var csv = Encoding.UTF8.GetString(output.ToArray());
        Assert.Contains("ana@example.com,,,complaint,\"'=told us, twice\",", csv, StringComparison.Ordinal);

        var before = await Database.ScalarAsync<string>("select string_agg(concat_ws('|', address, domain, encode(address_hash, 'hex'), reason, evidence), ' ' order by id) from suppressions");
        await Database.ExecuteAsync("delete from suppressions");
        Assert.Equal(3, (await ImportListAsync(csv)).Import!.Added);
        Assert.Equal(before, await Database.ScalarAsync<string>("select string_agg(concat_ws('|', address, domain, encode(address_hash, 'hex'), reason, evidence), ' ' order by id) from suppressions"));
        Assert.Contains("No column is called email, domain or hash", (await ImportListAsync("a,b\n1,2\n")).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task LiftingLeavesWhoWhenAndWhyButNoAddress()
    {
        var made = Assert.IsType<AudienceOutcome<Suppression>.Created>(await Hashing.AddAsync(new SuppressionDraft { Email = "ana@example.com", Reason = "hard_bounce" }, default)).Value;

        Assert.IsType<AudienceOutcome<Suppression>.Invalid>(await Hashing.RemoveAsync(made.Id, "a\nb", 7, default));
        Assert.IsType<AudienceOutcome<Suppression>.Removed>(await Hashing.RemoveAsync(made.Id, "Her mailbox works again.", 7, default));
        Assert.IsType<AudienceOutcome<Suppression>.NotFound>(await Hashing.RemoveAsync(made.Id, "again", 7, default));

        var ana = Address("ANA@example.com");
        var lifted = Assert.Single((await Hashing.ListLiftedAsync(ana, PageRequest.First, default)).Items);
        Assert.Equal((made.Id, "hard_bounce", "Her mailbox works again.", 7L, made.CreatedAt), (lifted.SuppressionId, lifted.Reason, lifted.Note, lifted.ApiKeyId, lifted.SuppressedAt));
        Assert.Equal(0L, await Database.ScalarAsync<long>("select count(*) from suppressions_lifted s where s::text ilike '%ana@%'"));
        var bo = Address("bo@example.com");
        Assert.Empty((await Hashing.ListLiftedAsync(bo, PageRequest.First, default)).Items);
        Assert.Single((await Hashing.ListLiftedAsync(null, PageRequest.First, default)).Items);
    }

    private static EmailAddress Address(string text) => EmailAddress.TryParse(text, out var address) ? address : throw new ArgumentException(text, nameof(text));

    private Task<(SuppressionImport? Import, string? Problem)> ImportListAsync(string csv) => Lists.ImportAsync(new MemoryStream(Encoding.UTF8.GetBytes(csv)), default);

    /// <summary>An upload whose connection is lost after its last byte.</summary>
    private sealed class BrokenOff(byte[] bytes) : MemoryStream(bytes)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            Position < Length ? await base.ReadAsync(buffer, cancellationToken) : throw new IOException("The connection was lost.");
    }
}
