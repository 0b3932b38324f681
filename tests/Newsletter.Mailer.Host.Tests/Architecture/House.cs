namespace Newsletter.Mailer.Host.Tests.Architecture;

/// <summary>
/// The rooms, in the order of the path that data takes, and who may use what. This is the one table the import rule
/// is read from.
/// </summary>
internal sealed record House(string Root)
{
    /// <summary>The library's rooms: each may look back along the path, never ahead.</summary>
    private static readonly string[] Path =
    [
        "Database", "Access", "Links", "Outbox", "Audience", "Images", "Editions", "Rendering", "Preflight", "Signing", "Scheduling", "Delivery", "Smtp", "Feedback",
        "Reports", "Doctor",
    ];

    /// <summary>Rooms at the path's end that nobody in the library imports.</summary>
    private static readonly string[] Ends = ["Reports", "Doctor"];

    /// <summary>The room that imports none and that none imports.</summary>
    private const string Alone = "Inbox";

    private static readonly string[] HostRooms = ["Host", "Host.Endpoints", "Host.Pages", "Host.Jobs", "Host.Commands", "Host.Wiring"];

    /// <summary>Package (the assembly's name) → the rooms it is used in.</summary>
    private static readonly Dictionary<string, string[]> Packages = new(StringComparer.Ordinal)
    {
        ["Npgsql"] = ["Database", "Host.Wiring"],
        ["Dapper"] = ["Database"],
        ["NetVips"] = ["Images"],
        ["MailKit"] = ["Smtp", "Feedback"],
        ["MimeKit"] = ["Rendering", "Preflight", "Smtp", "Feedback", "Inbox"],
    };

    /// <summary>Packages a room's *Store types may use as well, in the library.</summary>
    private static readonly string[] OfStores = ["Npgsql", "Dapper"];

    private static readonly string[] Nouns =
    [
        "Newsletter", "Subscriber", "Subscription", "Audience", "Segment", "Suppression", "Edition", "Issue", "Deliver", "Bounce", "Complaint", "Receipt",
    ];

    /// <summary>The program's house.</summary>
    public static House Real { get; } = new("Newsletter.Mailer");

    /// <summary>The room of a namespace, or null where it is in none. A room's folders belong to it.</summary>
    public string? RoomOf(string space)
    {
        if (space == $"{Root}.Host")
            return "Host";
        if (!space.StartsWith(Root + ".", StringComparison.Ordinal))
            return null;
        var below = space[(Root.Length + 1)..];
        return Path.Append(Alone).Concat(HostRooms.Skip(1))
            .FirstOrDefault(room => below == room || below.StartsWith(room + ".", StringComparison.Ordinal));
    }

    /// <summary>Whether a namespace is the program's, in a room or not.</summary>
    public bool Owns(string space) => space == Root || space.StartsWith(Root + ".", StringComparison.Ordinal);

    /// <summary>Why one room may not use another, or null where it may.</summary>
    public static string? WhyNot(string from, string to)
    {
        if (from == to || from.StartsWith("Host", StringComparison.Ordinal))
            return null;
        if (to.StartsWith("Host", StringComparison.Ordinal))
            return "the library knows no host";
        if (from == Alone || to == Alone)
            return $"{Alone} stands alone";
        if (Ends.Contains(to))
            return $"nobody in the library imports {to}";
        return Array.IndexOf(Path, to) > Array.IndexOf(Path, from) ? $"{to} comes after {from} on the path" : null;
    }

    /// <summary>Why a type may not use a package, or null where it may.</summary>
    public static string? WhyNotPackage(string room, bool inStore, string package)
    {
        if (!Packages.TryGetValue(package, out var rooms) || rooms.Contains(room))
            return null;
        return inStore && OfStores.Contains(package) && !room.StartsWith("Host", StringComparison.Ordinal)
            ? null
            : $"{package} is for {string.Join(", ", rooms)}{(OfStores.Contains(package) ? " and *Store types" : "")}";
    }

    /// <summary>The newsletter noun in a name of the database's room, or null.</summary>
    public static string? NounIn(string name) => Nouns.FirstOrDefault(noun => name.Contains(noun, StringComparison.Ordinal));
}
