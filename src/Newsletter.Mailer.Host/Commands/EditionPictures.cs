using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;

namespace Newsletter.Mailer.Host.Commands;

/// <summary>Uploads the pictures beside an edition's file, as the API would, and ties them to that edition.</summary>
internal sealed class EditionPictures
{
    private readonly ImageStore _store;
    private readonly Dictionary<string, long> _kept = new(StringComparer.Ordinal);

    private EditionPictures(ImageStore store) => _store = store;

    /// <summary>What is wrong with them, each with its place; empty where nothing is.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>Keeps those that are there. One that isn't may have been uploaded before: who renders the edition finds out.</summary>
    public static async Task<EditionPictures> KeepAsync(IServiceProvider rooms, string? file, string source, CancellationToken stop)
    {
        var pictures = new EditionPictures(rooms.GetRequiredService<ImageStore>());
        if (file is null || await LocalPictures.ReadAsync(file, source, FrontMatterRules.Edition, rooms.GetRequiredService<ImageOptions>(), stop) is not { } local)
            return pictures;
        var problems = local.Problems.ToDictionary(StringComparer.Ordinal);
        foreach (var (name, content) in local.Files)
            switch (await rooms.GetRequiredService<ImageDesk>().KeepAsync(content, stop))
            {
                case ImageKeeping.Kept(var picture):
                    pictures._kept[name] = picture.Id;
                    break;
                case ImageKeeping.Refused(_, var problem):
                    problems[name] = problem;
                    break;
            }

        pictures.Problems = [.. problems.Select(problem => LocalPictures.At(source, problem.Key, problem.Value))];
        return pictures;
    }

    /// <summary>Makes the edition show these by their names, whatever its newsletter calls so.</summary>
    public async Task NameInAsync(long edition, CancellationToken stop)
    {
        foreach (var (name, id) in _kept)
            await _store.NameInEditionAsync(id, edition, name, stop);
    }
}
