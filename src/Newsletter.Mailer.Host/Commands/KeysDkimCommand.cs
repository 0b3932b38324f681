using System.CommandLine;
using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Signing;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>
/// <c>newsletter keys dkim</c>: the keys that sign mail. A new key waits while its record is published, and then takes over; the
/// old record stays for as long as mail may be on its way.
/// </summary>
internal static partial class KeysDkimCommand
{
    public static Command Create() => new("dkim", "Keys that sign mail (DKIM), by domain and selector.") { Make(), Activate(), Retire(), List() };

    private static Command Make()
    {
        var domain = Domain();
        var selector = new Option<string?>("--selector") { Description = "Its selector. Default: made of the algorithm and the month.", HelpName = "NAME" };
        var algorithm = new Option<string>("--algorithm") { Description = "rsa (2048 bits), or ed25519 as a second signature beside it.", DefaultValueFactory = _ => "rsa", HelpName = "rsa|ed25519" };
        algorithm.AcceptOnlyFromAmong("rsa", "ed25519");
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("create", "Make a key and print the record to publish. It signs nothing until it is activated.") { domain, selector, algorithm, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            if (Punycode(parsed.GetValue(domain)!) is not { } name)
                return terminal.Fail($"'{parsed.GetValue(domain)}' is no domain: write it as in news.example.com.");
            if (parsed.GetValue(selector) is { } wanted && !Selector().IsMatch(wanted))
                return terminal.Fail("--selector takes 1 to 40 lower-case letters, digits and hyphens.");
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var key = await MakeAsync(rooms, name, parsed.GetValue(selector), parsed.GetValue(algorithm)!, stop);
            if (key is null)
                return terminal.Fail($"{name} has a key of the selector '{parsed.GetValue(selector)}' already: choose another.");
            Tell(terminal, key, parsed.GetValue(json), $"Publish this TXT record, wait until it is seen everywhere, then: newsletter keys dkim activate {key.Domain} {key.Selector}");
            return Terminal.Success;
        });
        return command;
    }

    private static Command Activate() => OnOne(
        "activate",
        "Sign with a key whose record is published. The key that signed before is retired.",
        (store, domain, selector, stop) => store.ActivateAsync(domain, selector, stop),
        "no key waits there under that name",
        _ => "It signs from now on: a worker notices within half a minute, an open connection at its end.");

    private static Command Retire() => OnOne(
        "retire",
        "Sign with a key no more.",
        (store, domain, selector, stop) => store.RetireAsync(domain, selector, stop),
        "no key signs or waits there under that name",
        key => $"Keep its record published until {Until(key)}: mail on its way is verified with it.");

    private static Command OnOne(string verb, string description, Func<DkimKeyStore, string, string, CancellationToken, Task<DkimKey?>> act, string none, Func<DkimKey, string> advice)
    {
        var domain = Domain();
        var selector = new Argument<string>("selector") { Description = "Its selector.", HelpName = "SELECTOR" };
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command(verb, description) { domain, selector, config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var (name, which) = (Punycode(parsed.GetValue(domain)!) ?? "", parsed.GetValue(selector)!);
            if (await act(rooms.Get<DkimKeyStore>(), name, which, stop) is not { } key)
                return terminal.Fail($"{parsed.GetValue(domain)} {which}: {none}. See 'newsletter keys dkim list'.");
            Tell(terminal, key, parsed.GetValue(json), advice(key));
            return Terminal.Success;
        });
        return command;
    }

    private static Command List()
    {
        var (config, json) = (CommonOptions.Config(), CommonOptions.Json());
        var command = new Command("list", "Show the keys, and which records have to be published.") { config, json };
        command.SetAction(async (parsed, stop) =>
        {
            var terminal = Terminal.Of(parsed);
            await using var rooms = await parsed.OpenRoomsAsync(config, stop);
            var keys = await rooms.Get<DkimKeyStore>().ListAsync(stop);
            if (parsed.GetValue(json))
                terminal.WriteJson(keys);
            else
                foreach (var key in keys)
                    terminal.Output.WriteLine($"{key.Domain} {key.Selector} {key.Algorithm} {key.State}{(key.RetiredAt is null ? "" : $", record needed until {Until(key)}")}");
            return Terminal.Success;
        });
        return command;
    }

    private static async Task<DkimKey?> MakeAsync(OpenRooms rooms, string domain, string? selector, string algorithm, CancellationToken stop)
    {
        var store = rooms.Get<DkimKeyStore>();
        if (selector is not null)
            return await store.CreateAsync(domain, selector, algorithm, stop);
        var month = rooms.Get<TimeProvider>().GetUtcNow().ToString("yyyyMM", CultureInfo.InvariantCulture);
        var stem = $"{(algorithm == "rsa" ? "r" : "e")}{month}";
        var taken = (await store.ListAsync(stop)).Where(key => key.Domain == domain).Select(key => key.Selector).ToHashSet(StringComparer.Ordinal);
        var free = Enumerable.Range(1, taken.Count + 1).Select(number => number == 1 ? stem : FormattableString.Invariant($"{stem}-{number}")).First(name => !taken.Contains(name));
        return await store.CreateAsync(domain, free, algorithm, stop);
    }

    private static void Tell(Terminal terminal, DkimKey key, bool asJson, string advice)
    {
        if (asJson)
        {
            terminal.WriteJson(key);
            return;
        }

        terminal.Error.WriteLine(advice);
        terminal.Output.WriteLine(key.ToZoneLine());
    }

    private static string Until(DkimKey key) => (key.RetiredAt!.Value + DkimKey.Overlap).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static Argument<string> Domain() => new("domain") { Description = "The domain of the newsletter's address, or a parent of it.", HelpName = "DOMAIN" };

    // The rules for the domain of an address are those for a domain that signs.
    private static string? Punycode(string domain) =>
        EmailAddress.TryParse($"postmaster@{domain}", out var address, out _) ? address.Value[(address.Value.LastIndexOf('@') + 1)..].ToLowerInvariant() : null;

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Selector();
}
