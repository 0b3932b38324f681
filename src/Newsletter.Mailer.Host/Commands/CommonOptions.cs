using System.CommandLine;
using System.Globalization;
using Newsletter.Mailer.Database;
using Newsletter.Mailer.Host.Wiring;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Options that several verbs have.</summary>
internal static class CommonOptions
{
    public static Option<string?> Config() => new("--config")
    {
        Description = "The configuration file. Default: appsettings.json in the current directory, where there is one. The environment goes before it.",
        HelpName = "FILE",
    };

    public static Option<bool> Json() => new("--json") { Description = "Write the result as one line of JSON." };

    /// <summary>Refuses whole numbers out of a range. What is no number the parser itself refuses.</summary>
    public static Option<TNumber> Between<TNumber>(this Option<TNumber> option, long least, long most)
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && long.TryParse(token.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && (value < least || value > most))
                result.AddError(FormattableString.Invariant($"{option.Name} must be from {least} to {most}."));
        });
        return option;
    }

    /// <summary>The rooms with their database open, joined to a server that runs beside.</summary>
    public static async Task<OpenRooms> OpenRoomsAsync(this ParseResult parsed, Option<string?> config, CancellationToken stop)
    {
        var rooms = new OpenRooms(Server.BuildCommand(new HostSetup { ConfigFile = parsed.GetValue(config) }));
        try
        {
            await rooms.Host.OpenAsync(WhenRunning.Join, stop);
            return rooms;
        }
        catch
        {
            await rooms.DisposeAsync();
            throw;
        }
    }
}

/// <summary>The rooms as a command uses them; disposing ends every service, the database last.</summary>
internal sealed class OpenRooms(IHost host) : IAsyncDisposable
{
    public IHost Host { get; } = host;

    public T Get<T>()
        where T : notnull => Host.Services.GetRequiredService<T>();

    public ValueTask DisposeAsync() => ((IAsyncDisposable)Host).DisposeAsync();
}
