using System.Net;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Endpoints;

public sealed class RelayEndpointsTests(ApiFixture fixture) : ApiTest(fixture)
{
    [Fact]
    public async Task ARelayIsMadeShownChangedAndDeleted()
    {
        var name = Unique("relay");
        var made = await Post("/api/relays", new
        {
            name,
            host = "smtp.example.com",
            user_name = "us",
            password = "opensesame",
            weight = 3,
            priority = 5,
            max_connections = 4,
            messages_per_second = 14.5,
            messages_per_day = 50_000,
            warm_up = new { start = "2030-03-01", messages = 100, growth = 2.0, cap = 20_000, days = 14 },
            groups = true,
            group_rates = new { google = 5.5 },
        });
        Assert.True(made.Status == HttpStatusCode.Created, made.Text);
        var id = (int)made["id"];
        Assert.Equal($"/api/relays/{id}", made.Message.Headers.Location!.OriginalString);

        var shown = await Get($"/api/relays/{id}");
        Assert.Equal(("api", true, 587, "start_tls", true, 3, 5, 4), ((string)shown["source"]!, (bool)shown["enabled"], (int)shown["port"], (string)shown["security"]!,
            (bool)shown["authenticates"], (int)shown["weight"], (int)shown["priority"], (int)shown["max_connections"]));
        Assert.Equal(("2030-03-01", 100, 5.5), ((string)shown["warm_up"]["start"]!, (int)shown["warm_up"]["messages"]!, (double)shown["group_rates"]["google"]!));
        Assert.Equal((0, 0, 0, false), ((int)shown["state"]["workers"]!, (int)shown["state"]["messages_today"]!, (int)shown["state"]["warm_up_allowance"]!, (bool)shown["state"]["breaker_open"]!));
        Assert.NotNull(shown["state"]["used_up_until"]);

        var changed = await Put($"/api/relays/{id}", new { name, host = "smtp.example.com", user_name = "us", enabled = false });
        Assert.True(changed.Status == HttpStatusCode.OK, changed.Text);
        Assert.Equal((false, 1, 8, true), ((bool)changed["enabled"], (int)changed["weight"], (int)changed["max_connections"], (bool)changed["authenticates"]));

        Assert.Equal(HttpStatusCode.NoContent, (await Delete($"/api/relays/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Get($"/api/relays/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Delete($"/api/relays/{id}")).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await Put($"/api/relays/{id}", new { name, host = "smtp.example.com" })).Status);
        // The row stays for what it took, without its password; the name is free.
        Assert.Equal(1L, await Server.Database.ScalarAsync<long>("select count(*) from relays where id = $1::integer and password is null and deleted_at is not null", id));
        Assert.Equal(HttpStatusCode.Created, (await Post("/api/relays", new { name, host = "smtp.example.com" })).Status);
    }

    [Fact]
    public async Task ThePasswordGoesInAndNeverComesOut()
    {
        var name = Unique("secret");
        var made = await Post("/api/relays", new { name, host = "smtp.example.com", user_name = "us", password = "open-sesame-4711" });
        var id = (int)made["id"];
        var answers = new[]
        {
            made, await Get($"/api/relays/{id}"), await Get("/api/relays"),
            await Put($"/api/relays/{id}", new { name, host = "smtp.example.com", user_name = "us", password = "open-sesame-4711", port = 0 }),
            await Put($"/api/relays/{id}", new { name, host = "smtp.example.com", user_name = "us", password = "open-sesame-4711" }),
            await Get("/openapi/v1.json"),
        };

        Assert.All(answers, answer => Assert.DoesNotContain("open-sesame-4711", answer.Text, StringComparison.Ordinal));
        Assert.Equal(0L, await Server.Database.ScalarAsync<long>("select count(*) from relays r where r::text like '%open-sesame%'"));
        Assert.StartsWith("k1.", await Server.Database.ScalarAsync<string>("select password from relays where id = $1::integer", id), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"host":"evil.example.net"}""")]
    [InlineData("""{"host":"smtp.example.com","port":2525}""")]
    [InlineData("""{"host":"smtp.example.com","user_name":"them"}""")]
    [InlineData("""{"host":"smtp.example.com","security":"none"}""")]
    [InlineData("""{"host":"smtp.example.com","accept_any_certificate":true}""")]
    public async Task APasswordIsNotHandedToAServerItWasNotGivenFor(string change)
    {
        var name = Unique("hands");
        var id = (int)(await Post("/api/relays", new { name, host = "smtp.example.com", user_name = "us", password = "opensesame" }))["id"];
        var body = System.Text.Json.Nodes.JsonNode.Parse(change)!.AsObject();
        body["name"] = name;
        body["user_name"] ??= "us";

        var refused = await Put($"/api/relays/{id}", body.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Contains("Give the password again", refused.Error("password"), StringComparison.Ordinal);
        body["password"] = "another";
        Assert.Equal(HttpStatusCode.OK, (await Put($"/api/relays/{id}", body.ToJsonString())).Status);
    }

    [Theory]
    [InlineData("""{"name":"x"}""", "host")]
    [InlineData("""{"name":" ","host":"smtp.example.com"}""", "name")]
    [InlineData("""{"name":"x","host":"two words"}""", "host")]
    [InlineData("""{"name":"x","host":"smtp.example.com","port":70000}""", "port")]
    [InlineData("""{"name":"x","host":"smtp.example.com","port":"25"}""", "port")]
    [InlineData("""{"name":"x","host":"smtp.example.com","security":"ssl"}""", "security")]
    [InlineData("""{"name":"x","host":"smtp.example.com","user_name":"us"}""", "user_name")]
    [InlineData("""{"name":"x","host":"smtp.example.com","weight":0}""", "weight")]
    [InlineData("""{"name":"x","host":"smtp.example.com","priority":-1}""", "priority")]
    [InlineData("""{"name":"x","host":"smtp.example.com","max_connections":0}""", "max_connections")]
    [InlineData("""{"name":"x","host":"smtp.example.com","messages_per_second":0}""", "messages_per_second")]
    [InlineData("""{"name":"x","host":"smtp.example.com","messages_per_day":0}""", "messages_per_day")]
    [InlineData("""{"name":"x","host":"smtp.example.com","group_rates":{"google":5}}""", "group_rates")]
    [InlineData("""{"name":"x","host":"smtp.example.com","groups":true,"group_rates":{"gogle":5}}""", "group_rates")]
    [InlineData("""{"name":"x","host":"smtp.example.com","groups":true,"group_rates":{"google":-5}}""", "group_rates")]
    [InlineData("""{"name":"x","host":"smtp.example.com","warm_up":{}}""", "warm_up")]
    [InlineData("""{"name":"x","host":"smtp.example.com","warm_up":{"start":"2030-01-01","growth":0.5}}""", "warm_up")]
    [InlineData("""{"name":"x","host":"smtp.example.com","helo_name":"ä b"}""", "helo_name")]
    [InlineData("""{"name":"x","host":"smtp.example.com","colour":"red"}""", "colour")]
    public async Task AWrongFieldIsNamed(string body, string field)
    {
        var refused = await Post("/api/relays", body);

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.NotEmpty(refused.Error(field));
    }

    [Fact]
    public async Task NullsGetTheirDefaultsOrAnErrorAndNeverAFault()
    {
        var refused = await Post("/api/relays", """{"name":null,"host":null,"group_rates":null,"user_name":null,"warm_up":null}""");

        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.NotEmpty(refused.Error("name"));
        Assert.NotEmpty(refused.Error("host"));
    }

    [Fact]
    public async Task ANameIsTakenOnce()
    {
        var name = Unique("twin");
        await Post("/api/relays", new { name, host = "smtp.example.com" });
        var other = (int)(await Post("/api/relays", new { name = Unique("other"), host = "smtp.example.com" }))["id"];

        var again = await Post("/api/relays", new { name = name.ToUpperInvariant(), host = "smtp.example.com" });
        var renamed = await Put($"/api/relays/{other}", new { name, host = "smtp.example.com" });

        Assert.Equal((HttpStatusCode.Conflict, HttpStatusCode.Conflict), (again.Status, renamed.Status));
        Assert.Contains("There already is a relay named", again.Error("name"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OnlyAKeyThatOperatesGetsIn()
    {
        using var client = await Server.ClientWithScopesAsync([.. Scopes.All.Except([Scopes.Operate])]);

        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Post })
            Assert.Equal(HttpStatusCode.Forbidden, (await Send(method, "/api/relays", method == HttpMethod.Get ? null : new { name = "x", host = "y.example.com" }, client)).Status);
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
            Assert.Equal(HttpStatusCode.Forbidden, (await Send(method, "/api/relays/1", method == HttpMethod.Put ? new { name = "x", host = "y.example.com" } : null, client)).Status);
    }
}

/// <summary>Servers with relays in their configuration.</summary>
public sealed class ConfiguredRelaysTests
{
    private static Dictionary<string, string?> Settings(string name = "main") => new(StringComparer.Ordinal)
    {
        ["Delivery:Relays:0:Name"] = name,
        ["Delivery:Relays:0:Host"] = "relay.example.com",
        ["Delivery:Relays:0:UserName"] = "us",
        ["Delivery:Relays:0:Password"] = "opensesame",
        ["Delivery:Relays:0:MessagesPerDay"] = "1000",
        ["Delivery:Relays:1:Name"] = "spare",
        ["Delivery:Relays:1:Host"] = "spare.example.com",
        ["Delivery:Relays:1:Enabled"] = "false",
    };

    [Fact]
    public async Task ThoseOfTheConfigurationAreListedAndChangedOnlyThere()
    {
        await using var server = await ServerUnderTest.StartAsync(settings: Settings());

        var list = System.Text.Json.Nodes.JsonNode.Parse(await server.Client.GetStringAsync("/api/relays"))!["items"]!.AsArray();
        Assert.Equal(["main configuration True", "spare configuration False"], list.Select(relay => $"{relay!["name"]} {relay["source"]} {(bool)relay["enabled"]!}"));
        Assert.Equal(1000, (int)list[0]!["state"]!["allowed_today"]!);
        var id = (int)list[0]!["id"]!;

        foreach (var method in new[] { HttpMethod.Put, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, $"/api/relays/{id}")
            {
                Content = method == HttpMethod.Put ? new StringContent("""{"name":"main","host":"x.example.com"}""", System.Text.Encoding.UTF8, "application/json") : null,
            };
            var refused = await server.Client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
            Assert.Contains("Delivery:Relays", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnUnknownGroupInTheConfigurationIsRefusedAtTheStart()
    {
        var settings = Settings();
        settings["Delivery:Relays:0:Groups"] = "true";
        settings["Delivery:Relays:0:GroupRates:gogle"] = "5";

        var refused = await Assert.ThrowsAsync<Mailer.Host.Wiring.ConfigurationException>(() => ServerUnderTest.StartAsync(settings: settings));

        Assert.Contains("'gogle'", refused.Message, StringComparison.Ordinal);
    }
}
