using System.Text;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Audience.Segments;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class ExportTests : ImportTest
{
    private ExportStore Store => new(DataSource);

    [Fact]
    public async Task WhatIsExportedCanBeImportedAgainAndNothingIsLost()
    {
        await ImportAsync("email,name,city,formula,note,quoted\n"
            + "ana@example.com,Ana Lee,Rome,=1+1,\"two\nlines\",\"say \"\"tea\"\", please\"\n"
            + "+bo@example.org,'@Bo,\"Oslo, N\",-5,'=x,''=y\n"
            + "'cy@example.net,,,,, \n");
        await Database.ExecuteAsync("update subscribers set tags = '{beta,vip}', language = 'de' where id = 1");
        await Database.ExecuteAsync("update subscriptions set tier = 'premium', created_at = '2024-03-01T10:00:00Z' where subscriber_id = 1");
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now(), unsubscribed_by = 'page' where subscriber_id = 2");
        await Database.ExecuteAsync("update subscriptions set frequency = 'digest' where subscriber_id = (select id from subscribers where address = 'ana@example.com')");
        var first = await ExportAsync();
        Assert.StartsWith("email,name,status,tier,tags,language,time_zone,subscribed_at,confirmed_at,unsubscribed_at,issue_frequency,city,", first, StringComparison.Ordinal);
        Assert.Contains(",digest,Rome,", first, StringComparison.Ordinal);
        Assert.Contains(",every,", first, StringComparison.Ordinal);
        var before = await SnapshotAsync();

        await Database.ExecuteAsync("delete from subscribers");
        var import = await ImportFromAsync(first);

        Assert.Equal((ImportSource.Newsletter, 3L, 0L), (import.Source, import.Created, import.Invalid));
        Assert.Equal(before, await SnapshotAsync());
    }

    [Fact]
    public async Task ListsNumbersAndWhatIsCalledLikeAColumnComeBackAsTheyWere()
    {
        await ImportAsync("email,city\nana@example.com,Rome\nbo@example.com,\n");
        await Database.ExecuteAsync("""
            update subscribers set attributes = attributes || '{"topics": ["tea", "milk"], "age": 5, "vip": true, "tags": "mine", "status": "gold", "note": "\u00a0=1", "attributes_json": "x"}'
            where address = 'ana@example.com'
            """);
        var before = await SnapshotAsync();
        var csv = await ExportAsync();
        Assert.Contains(",\"tea, milk\",", csv, StringComparison.Ordinal);

        // Over what is there already nothing changes, and into an empty database everything comes.
        Assert.Equal(2L, (await ImportFromAsync(csv)).Unchanged);
        Assert.Equal(before, await SnapshotAsync());
        await Database.ExecuteAsync("delete from subscribers");
        Assert.Equal(2L, (await ImportFromAsync(csv)).Created);
        Assert.Equal(before, await SnapshotAsync());
    }

    [Fact]
    public async Task NoCellIsAFormula()
    {
        await ImportAsync("email,a,b,c,d,e\n=cmd@example.com,=1,+2,-3,@x,\"\t=y\"\n");
        await Database.ExecuteAsync("""update subscribers set name = '＝SUM(1)', attributes = attributes || '{"f": "\t=1", "g": ["=1", "2"]}'""");

        var lines = (await ExportAsync()).Split("\r\n");

        var cells = lines[1].Split(',');
        Assert.All(cells, cell => Assert.False(cell.TrimStart('"') is [var first, ..] && "=+-@\t\r＝".Contains(first, StringComparison.Ordinal), lines[1]));
        Assert.StartsWith("\"'=cmd@example.com\",\"'＝SUM(1)\"", lines[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("=1")]
    [InlineData("'=1")]
    [InlineData("''@x")]
    [InlineData("'t Hooft")]
    [InlineData("'")]
    [InlineData("plain")]
    public void AGuardComesOffAgain(string value)
    {
        var line = new StringBuilder();
        CsvCell.Append(line, value);

        Assert.Equal(value, CsvCell.Unguard(line.ToString().Trim('"')));
    }

    [Fact]
    public async Task ASegmentAndAStatusNarrowIt()
    {
        await ImportAsync("email,city\nana@example.com,Rome\nbo@example.com,Oslo\ncy@example.com,Rome\n");
        await Database.ExecuteAsync("update subscriptions set status = 'unsubscribed', unsubscribed_at = now() where subscriber_id = 3");
        await new SegmentStore(DataSource).CreateAsync(new SegmentDraft { Newsletter = Tea, Name = "Romans", Filter = "attributes.city = \"rome\"" }, default);

        Assert.Equal(3, await CountAsync(null, null));
        Assert.Equal(2, await CountAsync("romans", null));
        Assert.Equal(1, await CountAsync("Romans", "active"));
        Assert.Equal("segment", Problem(await Store.FindAsync(Tea, "none", null, default)));
        Assert.Equal("status", Problem(await Store.FindAsync(Tea, null, "gone", default)));
        Assert.Equal("newsletter", Problem(await Store.FindAsync("none", null, null, default)));
    }

    [Fact]
    public async Task MoreThanAChunkComesWholeAndInOrder()
    {
        await Database.ExecuteAsync("""
            insert into subscribers (address, attributes) select 'r' || n || '@example.com', jsonb_build_object('note', repeat('x', 300)) from generate_series(1, 12000) n;
            insert into subscriptions (newsletter_id, subscriber_id, status, confirmed_at) select 1, id, 'active', now() from subscribers;
            """);

        var lines = (await ExportAsync()).TrimEnd().Split("\r\n");

        Assert.Equal(12_001, lines.Length);
        Assert.Equal(12_000, lines.Skip(1).Select(line => line.Split(',')[0]).Distinct().Count());
    }

    private async Task<string> ExportAsync(string? segment = null, string? status = null)
    {
        var query = Assert.IsType<AudienceOutcome<ExportQuery>.Found>(await Store.FindAsync(Tea, segment, status, default)).Value;
        var output = new MemoryStream();
        await new SubscriberExport(Store).WriteAsync(query, output, null, default);
        return Encoding.UTF8.GetString(output.ToArray());
    }

    private async Task<int> CountAsync(string? segment, string? status) => (await ExportAsync(segment, status)).TrimEnd().Split("\r\n").Length - 1;

    private static string Problem(AudienceOutcome<ExportQuery> outcome) => Assert.Single(Assert.IsType<AudienceOutcome<ExportQuery>.Invalid>(outcome).Problems).Field;

    private async Task<string?> SnapshotAsync() => await Database.ScalarAsync<string>("""
        select string_agg(concat_ws('|', s.address, s.name, s.language, s.attributes::text, s.tags::text, x.status, x.tier, date_trunc('second', x.created_at)::text), E'\n' order by s.address)
        from subscribers s join subscriptions x on x.subscriber_id = s.id
        """);
}
