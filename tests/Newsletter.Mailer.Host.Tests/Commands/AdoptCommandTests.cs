using System.Text.Json.Nodes;
using Newsletter.Mailer.Delivery;

namespace Newsletter.Mailer.Host.Tests.Commands;

public sealed class AdoptCommandTests : CommandTest
{
    [Fact]
    public async Task ACopyIsAdoptedAndWhatWaitsIsTold()
    {
        await new InstanceStore(DataSource).LookAsync(default);
        await Database.ExecuteAsync("""
            update instance set database_oid = 1;
            insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com');
            insert into editions (newsletter_id, number, slug, title, subject, source, state) values (1, 35, 'x', 'X', 'X', '', 'published');
            insert into issues (edition_id, newsletter_id, part_key, state, link_key, sent_date, nonce) values (1, 1, 1, 'sending', 'k1', now(), 'n');
            """);

        var said = await Run("adopt");

        Assert.Equal((0, ""), (said.Code, said.Error));
        Assert.StartsWith("Adopted: mail is sent from here again.", said.Output, StringComparison.Ordinal);
        Assert.Contains("issue 1.", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhereThereIsNothingToAdoptItSaysSo()
    {
        var plain = await Run("adopt");
        var json = JsonNode.Parse((await Run("adopt", "--json")).Output)!;

        Assert.Equal(0, plain.Code);
        Assert.StartsWith("There is nothing to adopt", plain.Output, StringComparison.Ordinal);
        Assert.False((bool)json["adopted"]!);
        Assert.Empty(json["paused_issues"]!.AsArray());
    }
}
