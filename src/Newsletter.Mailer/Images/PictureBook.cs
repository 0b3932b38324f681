namespace Newsletter.Mailer.Images;

/// <summary>The pictures that an edition may show, by what it calls them, and where they are had.</summary>
public sealed class PictureBook
{
    private readonly Dictionary<string, Entry> _byAddress = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _problems = new(StringComparer.Ordinal);

    /// <param name="root">Where pictures are had: each under its file name.</param>
    public PictureBook(string root) => Root = root;

    /// <summary>Ends in a slash.</summary>
    public string Root { get; }

    /// <summary>Whether a name that isn't in the book keeps the edition from being rendered; else its picture is left out, and warned about.</summary>
    public bool IsStrict { get; init; } = true;

    /// <summary>What to do about a picture that isn't in the book, in a sentence; {0} is its name.</summary>
    public string Remedy { get; init; } = "Upload it, or write its whole https address.";

    /// <summary>The pictures in it, each once.</summary>
    public IEnumerable<Picture> Pictures => _byAddress.Values.Select(entry => entry.Picture);

    /// <summary>Adds a picture that is called so; null: one that is only named by its address.</summary>
    public void Add(Picture picture, string? name)
    {
        var entry = new Entry(Root + picture.FileName, picture);
        _byAddress[entry.Address] = entry;
        if (name is not null)
            _byName[name] = entry;
    }

    /// <summary>Says why there is no picture of this name.</summary>
    public void Refuse(string name, string problem) => _problems[name] = problem;

    /// <summary>Where the picture of a name is had; null: <paramref name="problem"/> says why it isn't.</summary>
    public string? AddressOf(string name, out string? problem)
    {
        problem = null;
        if (_byName.TryGetValue(name, out var entry))
            return entry.Address;
        problem = _problems.TryGetValue(name, out var known)
            ? known
            : $"There is no picture \"{name}\". {string.Format(System.Globalization.CultureInfo.InvariantCulture, Remedy, Uri.EscapeDataString(name))}";
        return null;
    }

    /// <summary>What is known of the picture at an address; null of others than those in the book.</summary>
    public Picture? At(string? address) => address is not null && _byAddress.TryGetValue(address, out var entry) ? entry.Picture : null;

    /// <summary>What the edition calls the picture at an address; null where it has no name.</summary>
    public string? NameAt(string address) => _byName.FirstOrDefault(pair => pair.Value.Address == address).Key;

    private sealed record Entry(string Address, Picture Picture);
}
