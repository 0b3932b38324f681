using Dapper;
using Newsletter.Mailer.Database;
using Npgsql;

namespace Newsletter.Mailer.Images;

/// <summary>Pictures as rows, and what they are called.</summary>
public sealed partial class ImageStore(NpgsqlDataSource database)
{
    static ImageStore() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <summary>The picture that was made of a file before; null where none was.</summary>
    /// <param name="source">SHA-256 of the file.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<StoredPicture?> FindBySourceAsync(byte[] source, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        return (await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(SelectBySource, new { source, recipe = ImageReader.Recipe }, cancellationToken: stop)))?.ToStored();
    }

    /// <summary>Keeps a picture: the same one twice is one.</summary>
    /// <param name="picture">The picture.</param>
    /// <param name="source">SHA-256 of the file that it was made of.</param>
    /// <param name="folder">Where its file goes; null: into the row.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<long> KeepAsync(MadePicture picture, byte[] source, ImageFolder? folder, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Lock, new { sha256 = picture.Facts.Sha256 }, cancellationToken: stop));
        if (folder is not null)
            await folder.WriteAsync(picture, stop);
        var facts = picture.Facts;
        var id = await connection.QuerySingleAsync<long>(new CommandDefinition(
            Insert,
            new { sha256 = facts.Sha256, mediaType = facts.MediaType, width = facts.Width, height = facts.Height, bytes = facts.Bytes, content = folder is null ? picture.Content : null },
            cancellationToken: stop));
        await connection.ExecuteAsync(new CommandDefinition(InsertSource, new { source, recipe = ImageReader.Recipe, id }, cancellationToken: stop));
        await transaction.CommitAsync(stop);
        return id;
    }

    /// <summary>Calls a picture so in a newsletter, whichever was called so before.</summary>
    /// <returns>False where the newsletter or the picture is gone.</returns>
    public async Task<bool> NameAsync(long id, string newsletter, string name, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        try
        {
            return await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(SetName, new { id, newsletter, name }, cancellationToken: stop)) is not null;
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return false;
        }
    }

    /// <summary>Calls a picture so in one edition only.</summary>
    /// <exception cref="PostgresException">The edition or the picture is gone.</exception>
    public async Task NameInEditionAsync(long id, long edition, string name, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(SetEditionName, new { id, edition, name }, cancellationToken: stop));
    }

    public async Task<StoredPicture?> GetAsync(long id, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(SelectOne, new { id }, cancellationToken: stop));
        return row is null ? null : (await WithNamesAsync(connection, [row], stop))[0];
    }

    /// <summary>A picture by the hash of its bytes, with them unless they are in the folder; null where there is none.</summary>
    public async Task<(StoredPicture Picture, byte[]? Content)?> FindAsync(string sha256, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var row = await connection.QuerySingleOrDefaultAsync<Row>(new CommandDefinition(SelectContent, new { sha256 }, cancellationToken: stop));
        return row is null ? null : (row.ToStored(), row.Content);
    }

    /// <summary>Newest first; those that a newsletter has a name for, or all.</summary>
    public async Task<Page<Picture>> ListAsync(string? newsletter, PageRequest page, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = (await connection.QueryAsync<Row>(new CommandDefinition(SelectPage, new { newsletter, after = page.After.After, rows = page.Limit + 1 }, cancellationToken: stop))).AsList();
        var pictures = await WithNamesAsync(connection, rows, stop);
        return Page.Of(pictures.Select(stored => stored.Picture).ToList(), page, picture => picture.Id);
    }

    /// <summary>What these names mean in an edition: its own, else its newsletter's.</summary>
    public async Task<IReadOnlyDictionary<string, Picture>> NamedAsync(long newsletter, long edition, IReadOnlyCollection<string> names, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(SelectNamed, new { newsletter, edition, names = names.ToArray() }, cancellationToken: stop));
        return rows.ToDictionary(row => row.Name, row => row.ToStored().Picture, StringComparer.Ordinal);
    }

    /// <summary>Those of these hashes that are kept.</summary>
    public async Task<IReadOnlyList<Picture>> OfHashesAsync(IReadOnlyCollection<string> hashes, CancellationToken stop)
    {
        await using var connection = await database.OpenConnectionAsync(stop);
        var rows = await connection.QueryAsync<Row>(new CommandDefinition(SelectByHashes, new { hashes = hashes.ToArray() }, cancellationToken: stop));
        return [.. rows.Select(row => row.ToStored().Picture)];
    }

    /// <summary>Deletes a picture that nothing shows or will show.</summary>
    /// <param name="id">The picture.</param>
    /// <param name="folder">Where its file is, if it has one.</param>
    /// <param name="stop">Gives up.</param>
    public async Task<ImageDeletion> DeleteAsync(long id, ImageFolder folder, CancellationToken stop)
    {
        if (await GetAsync(id, stop) is not { } stored)
            return new ImageDeletion.NoSuchImage();
        await using var connection = await database.OpenConnectionAsync(stop);
        await using var transaction = await connection.BeginTransactionAsync(stop);
        await connection.ExecuteAsync(new CommandDefinition(Lock, new { sha256 = stored.Picture.Sha256 }, cancellationToken: stop));
        var uses = (await connection.QueryAsync<string>(new CommandDefinition(SelectUses, new { id, sha256 = stored.Picture.Sha256 }, cancellationToken: stop))).AsList();
        if (uses.Count > 0)
            return new ImageDeletion.InUse(uses);
        try
        {
            await connection.ExecuteAsync(new CommandDefinition(DeleteLeftovers, new { id }, cancellationToken: stop));
            if (await connection.QuerySingleOrDefaultAsync<long?>(new CommandDefinition(DeleteImage, new { id }, cancellationToken: stop)) is null)
                return new ImageDeletion.NoSuchImage();
        }
        // An issue was frozen, or an edition sent, since it was looked at.
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.ForeignKeyViolation)
        {
            return new ImageDeletion.InUse(["an edition that was sent just now"]);
        }

        if (stored.InFolder)
            folder.Delete(stored.Picture);
        await transaction.CommitAsync(stop);
        return new ImageDeletion.Deleted(stored.Picture);
    }

    private static async Task<List<StoredPicture>> WithNamesAsync(NpgsqlConnection connection, IReadOnlyCollection<Row> rows, CancellationToken stop)
    {
        var names = (await connection.QueryAsync<NameRow>(new CommandDefinition(SelectNames, new { ids = rows.Select(row => row.Id).ToArray() }, cancellationToken: stop)))
            .ToLookup(name => name.ImageId, name => new NamedPicture(name.Newsletter, name.Name));
        return [.. rows.Select(row => row.ToStored()).Select(stored => stored with { Picture = stored.Picture with { Names = [.. names[stored.Picture.Id]] } })];
    }

    private sealed class Row
    {
        public string Name { get; init; } = "";
        public long Id { get; init; }
        public string Sha256 { get; init; } = "";
        public string MediaType { get; init; } = "";
        public int Width { get; init; }
        public int Height { get; init; }
        public int Bytes { get; init; }
        public DateTimeOffset CreatedAt { get; init; }
        public bool InFolder { get; init; }
        public byte[]? Content { get; init; }

        public StoredPicture ToStored() => new(
            new Picture { Id = Id, Sha256 = Sha256, MediaType = MediaType, Width = Width, Height = Height, Bytes = Bytes, CreatedAt = CreatedAt }, InFolder);
    }

    private sealed class NameRow
    {
        public long ImageId { get; init; }
        public string Newsletter { get; init; } = "";
        public string Name { get; init; } = "";
    }
}

/// <summary>A picture and where its bytes are.</summary>
/// <param name="Picture">What is known of it.</param>
/// <param name="InFolder">In the folder; else in the row.</param>
public sealed record StoredPicture(Picture Picture, bool InFolder);

/// <summary>What became of the wish to delete a picture.</summary>
public abstract record ImageDeletion
{
    private ImageDeletion()
    {
    }

    public sealed record Deleted(Picture Picture) : ImageDeletion;

    public sealed record NoSuchImage : ImageDeletion;

    /// <summary>Something shows it, or will: <c>issue 7</c>, <c>edition 9</c>, <c>newsletter tea</c>.</summary>
    public sealed record InUse(IReadOnlyList<string> By) : ImageDeletion;
}
