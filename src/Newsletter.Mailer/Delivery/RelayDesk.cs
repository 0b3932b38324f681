using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Scheduling;

namespace Newsletter.Mailer.Delivery;

/// <summary>What became of a change to a relay.</summary>
public abstract record RelayChange
{
    private RelayChange()
    {
    }

    /// <summary>Made or changed; workers take it up within a few seconds.</summary>
    public sealed record Saved(RelayReport Relay) : RelayChange;

    public sealed record Deleted : RelayChange;

    /// <param name="Problems">Each with the field's name in JSON and a sentence.</param>
    public sealed record Invalid(IReadOnlyList<(string Field, string Message)> Problems) : RelayChange;

    /// <summary>Another relay has the name.</summary>
    public sealed record NameTaken(string Name) : RelayChange;

    /// <summary>It is one of the configuration, and changed there.</summary>
    public sealed record OfTheConfiguration(string Name) : RelayChange;

    public sealed record NotFound : RelayChange;
}

/// <summary>Relays as they are managed: listed with their state, made, changed and deleted. Their passwords go in and never come out.</summary>
public sealed class RelayDesk(RelayStore store, RelayDirectory directory, DeliveryOptions options, ThrottleGroups groups, KeyRing keys)
{
    /// <summary>Those of the configuration first, each with its state.</summary>
    public async Task<IReadOnlyList<RelayReport>> ListAsync(CancellationToken stop)
    {
        var states = await store.StatesAsync(stop);
        return
        [
            .. directory.Configured.Zip(options.Relays, (configured, settings) => RelayReports.Of(configured.Relay, settings, configured.Enabled, states)),
            .. (await store.ListAsync(stop)).Select(row => Report(row, states)),
        ];
    }

    /// <summary>Null where there is none of this id.</summary>
    public async Task<RelayReport?> FindAsync(int id, CancellationToken stop) => (await ListAsync(stop)).FirstOrDefault(relay => relay.Id == id);

    /// <summary>Saved, Invalid or NameTaken.</summary>
    public async Task<RelayChange> CreateAsync(RelayOptions relay, CancellationToken stop)
    {
        if (Problems(relay) is { Count: > 0 } problems)
            return new RelayChange.Invalid(problems);
        var password = relay.Password is { } secret ? SealedSecret.Seal(keys, RelayDirectory.Purpose, secret) : null;
        return await store.InsertAsync(relay, password, stop) is { } id ? await SavedAsync(id, stop) : new RelayChange.NameTaken(relay.Name);
    }

    /// <summary>
    /// Saved, Invalid, NameTaken, NotFound or OfTheConfiguration. Every field is set as given; a password that is absent stays as it was,
    /// unless it would go to another server, another user or less securely: then it has to be given again.
    /// </summary>
    public async Task<RelayChange> ReplaceAsync(int id, RelayOptions relay, CancellationToken stop)
    {
        if (await store.FindAsync(id, stop) is not { } row)
            return await MissingAsync(id, stop);
        var before = row.Read();
        var keeps = relay is { UserName: not null, Password: null } && row.Password is not null;
        if (keeps && !GoesTheSameWay(relay, before))
            return new RelayChange.Invalid([("password", "Give the password again: host, port, user_name, security or accept_any_certificate changed, and it is not handed to a server that it was not given for.")]);
        // For the rules alone; it is not what is kept.
        if (keeps)
            relay.Password = "kept";
        if (Problems(relay) is { Count: > 0 } problems)
            return new RelayChange.Invalid(problems);
        var password = keeps ? row.Password : relay.Password is { } secret ? SealedSecret.Seal(keys, RelayDirectory.Purpose, secret) : null;
        if (await store.ChangeAsync(id, relay, password, stop) is not null)
            return await SavedAsync(id, stop);
        return await store.FindAsync(id, stop) is null ? new RelayChange.NotFound() : new RelayChange.NameTaken(relay.Name);
    }

    /// <summary>Deleted, NotFound or OfTheConfiguration. What it took stays in the ledger under its name.</summary>
    public async Task<RelayChange> DeleteAsync(int id, CancellationToken stop) =>
        await store.DeleteAsync(id, stop) ? new RelayChange.Deleted() : await MissingAsync(id, stop);

    private async Task<RelayChange> MissingAsync(int id, CancellationToken stop) =>
        await store.ConfiguredNameAsync(id, stop) is { } name ? new RelayChange.OfTheConfiguration(name) : new RelayChange.NotFound();

    private async Task<RelayChange> SavedAsync(int id, CancellationToken stop) =>
        await FindAsync(id, stop) is { } saved ? new RelayChange.Saved(saved) : new RelayChange.NotFound();

    private RelayReport Report(RelayRow row, RelayStates states)
    {
        var settings = row.Read();
        return RelayReports.Of(directory.Open(row, keys), settings, row.Enabled, states);
    }

    private static bool GoesTheSameWay(RelayOptions one, RelayOptions other) =>
        (one.Host, one.Port, one.UserName, one.Security, one.AcceptAnyCertificate) == (other.Host, other.Port, other.UserName, other.Security, other.AcceptAnyCertificate);

    private List<(string Field, string Message)> Problems(RelayOptions relay)
    {
        (relay.Name, relay.Host, relay.GroupRates) = (relay.Name?.Trim() ?? "", relay.Host?.Trim() ?? "", relay.GroupRates ?? []);
        var results = new List<ValidationResult>();
        Validator.TryValidateObject(relay, new ValidationContext(relay), results, validateAllProperties: true);
        // Rules that look at several fields come only after each is right by itself.
        var problems = results.Select(result => (Field: Json(result.MemberNames.FirstOrDefault() ?? "body"), Message: InJson(result.ErrorMessage!))).ToList();
        problems.AddRange(relay.GroupRates.Keys.Except(groups.Names, StringComparer.Ordinal)
            .Select(group => ("group_rates", $"There is no throttle group '{group}'; there are {string.Join(", ", groups.Names)}.")));
        return problems;
    }

    private static string Json(string name) => JsonNamingPolicy.SnakeCaseLower.ConvertName(name);

    // The rules name properties; whoever sent JSON knows them by other names.
    private static string InJson(string message)
    {
        foreach (var property in typeof(RelayOptions).GetProperties().Concat(typeof(WarmUpOptions).GetProperties()).Select(property => property.Name).Where(name => name.Skip(1).Any(char.IsUpper)))
            message = message.Replace(property, Json(property), StringComparison.Ordinal);
        return message;
    }
}
