using System.Globalization;
using System.Text;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>The pictures that lie beside an edition's file, by the relative paths that it names them by.</summary>
internal sealed class LocalPictures
{
    private readonly string _folder;
    private readonly string _file;
    private readonly ImageOptions _options;

    private LocalPictures(string file, ImageOptions options)
    {
        _file = Path.GetFileName(file);
        _folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        _options = options;
    }

    /// <summary>Name → bytes of each that is there.</summary>
    public Dictionary<string, byte[]> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Name → why it isn't read.</summary>
    public Dictionary<string, string> Problems { get; } = new(StringComparer.Ordinal);

    /// <summary>Reads what an edition's file names; nothing of standard input, which lies beside nothing.</summary>
    public static async Task<LocalPictures?> ReadAsync(string file, string source, FrontMatterRules rules, ImageOptions options, CancellationToken stop)
    {
        if (file == "-")
            return null;
        var pictures = new LocalPictures(file, options);
        // Raw HTML may be on; where it is off, what it names is looked for in vain, and not missed.
        if (EditionDocument.Parse(source, rules) is EditionParseOutcome.Read(var edition))
            foreach (var name in PictureReferences.NamesIn(edition, keepsHtml: true))
                await pictures.ReadAsync(name, stop);
        return pictures;
    }

    /// <summary>Where the file first names a picture, as other problems of an edition are told.</summary>
    public static string At(string source, string name, string problem)
    {
        var at = source.IndexOf(name, StringComparison.Ordinal);
        if (at < 0)
            return $"{name}: {problem}";
        var before = source.AsSpan(0, at);
        return string.Create(CultureInfo.InvariantCulture, $"Line {before.Count('\n') + 1}, column {at - before.LastIndexOf('\n')}: {name}: {problem}");
    }

    /// <summary>The pictures as mail would show them, without a database.</summary>
    /// <param name="root">Where they would be had.</param>
    /// <param name="isStrict">Whether a missing one is an error.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<LocalBook> MakeAsync(string root, bool isStrict, CancellationToken stop)
    {
        var book = new PictureBook(root) { IsStrict = isStrict, Remedy = $"Put it beside {_file}, or write the picture's whole https address." };
        var contents = new Dictionary<string, MadePicture>(StringComparer.Ordinal);
        using var reader = new ImageReader(_options);
        foreach (var (name, problem) in Problems)
            book.Refuse(name, $"The picture \"{name}\" can't be used. {problem}");
        foreach (var (name, file) in Files)
            switch (await reader.ReadAsync(file, stop))
            {
                case ImageReading.Read(var made):
                    book.Add(made.Facts, name);
                    contents[made.Facts.FileName] = made;
                    break;
                case ImageReading.Refused(_, var problem):
                    book.Refuse(name, $"The picture \"{name}\" can't be used. {problem}");
                    break;
            }

        return new LocalBook(book, contents);
    }

    private async Task ReadAsync(string name, CancellationToken stop)
    {
        try
        {
            if (LocalFile.Find(_folder, name, out var problem) is not { } path)
            {
                if (problem is not null)
                    Problems[name] = problem;
                return;
            }

            var length = new FileInfo(path).Length;
            if (length == 0)
                Problems[name] = "It is empty.";
            else if (length > _options.MaxBytes)
                Problems[name] = string.Create(CultureInfo.InvariantCulture, $"It has {length:N0} bytes; at most {_options.MaxBytes:N0} are taken. Make it smaller.");
            else
                Files[name] = await File.ReadAllBytesAsync(path, stop);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Problems[name] = $"It can't be read: {e.Message}";
        }
    }
}

/// <summary>Pictures made of local files.</summary>
/// <param name="Book">What the edition shows.</param>
/// <param name="Contents">File name → picture.</param>
internal sealed record LocalBook(PictureBook Book, IReadOnlyDictionary<string, MadePicture> Contents)
{
    /// <summary>The document with its pictures in it, so that it shows them wherever it is opened.</summary>
    public byte[] PutInto(byte[] html)
    {
        if (Contents.Count == 0)
            return html;
        var text = new StringBuilder(Encoding.UTF8.GetString(html));
        foreach (var (name, picture) in Contents)
            text.Replace(Book.Root + name, $"data:{picture.Facts.MediaType};base64,{Convert.ToBase64String(picture.Content)}");
        return Encoding.UTF8.GetBytes(text.ToString());
    }
}
