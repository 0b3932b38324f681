using Newsletter.Mailer.Database;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Images;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Images;

/// <summary>Pictures are kept once, found again by whoever comes later, and stay while something shows them.</summary>
public sealed class ImageDeskTests : DatabaseTest
{
    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-images-").FullName;
    private readonly List<ImageReader> _readers = [];

    private ImageStore Store => new(DataSource);

    public override async Task InitializeAsync()
    {
        await base.InitializeAsync();
        await Database.ExecuteAsync("insert into newsletters (slug, name, from_address) values ('tea', 'Tea', 'tea@example.com'), ('milk', 'Milk', 'milk@example.com')");
    }

    public override async Task DisposeAsync()
    {
        await base.DisposeAsync();
        _readers.ForEach(reader => reader.Dispose());
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData(ImageStorage.Database)]
    [InlineData(ImageStorage.Folder)]
    public async Task WhatWasKeptIsThereAfterARestart(ImageStorage where)
    {
        var kept = await Keep(Desk(where), TestPictures.TransparentPng());

        var content = (await Desk(where).ReadAsync(kept.Sha256, kept.MediaType, default))!;

        Assert.Equal((kept.Bytes, kept.Sha256), (content.Length, Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content))));
        Assert.Equal(where == ImageStorage.Database ? 0 : 1, Files().Length);
        Assert.Equal(where == ImageStorage.Database ? 1 : 0, await Database.ScalarAsync<long>("select count(content) from images"));
        // Changing the setting loses nothing.
        Assert.Equal(content, await Desk(1 - where).ReadAsync(kept.Sha256, kept.MediaType, default));
        Assert.Null(await Desk(where).ReadAsync(kept.Sha256, "image/gif", default));
        Assert.Null(await Desk(where).ReadAsync(new string('0', 64), "image/png", default));
    }

    [Theory]
    [InlineData(ImageStorage.Database)]
    [InlineData(ImageStorage.Folder)]
    public async Task TheSameFileIsTheSamePicture(ImageStorage where)
    {
        var file = TestPictures.Jpeg();
        var all = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Keep(Desk(where), file)));

        Assert.Single(all.Select(picture => picture.Id).Distinct());
        Assert.Equal((1L, 1L), (await Database.ScalarAsync<long>("select count(*) from images"), await Database.ScalarAsync<long>("select count(*) from image_sources")));
        Assert.True(Files().Length <= 1);
    }

    [Fact]
    public async Task ALostFileIsWrittenAgainWhenItIsUploadedAgain()
    {
        var file = TestPictures.Png();
        var kept = await Keep(Desk(ImageStorage.Folder), file);
        File.Delete(Files().Single());
        Assert.Null(await Desk(ImageStorage.Folder).ReadAsync(kept.Sha256, kept.MediaType, default));

        Assert.Equal(kept.Id, (await Keep(Desk(ImageStorage.Folder), file)).Id);
        Assert.NotNull(await Desk(ImageStorage.Folder).ReadAsync(kept.Sha256, kept.MediaType, default));

        File.Delete(Files().Single());
        await Keep(Desk(ImageStorage.Database), file);
        Assert.NotNull(await Desk(ImageStorage.Folder).ReadAsync(kept.Sha256, kept.MediaType, default));
    }

    [Fact]
    public async Task WhatIsRefusedLeavesNothingBehind()
    {
        Assert.IsType<ImageKeeping.Refused>(await Desk(ImageStorage.Folder).KeepAsync("<svg/>"u8.ToArray(), default));
        Assert.IsType<ImageKeeping.Refused>(await Desk(ImageStorage.Folder).KeepAsync(TestPictures.Bomb(), default));

        Assert.Empty(Files());
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from images"));
    }

    [Fact]
    public async Task TheNewestOfANameCountsAndAnEditionsOwnGoesBefore()
    {
        var (first, second, own) = (await Keep(Desk(), TestPictures.Png(50, 50)), await Keep(Desk(), TestPictures.Png(60, 60)), await Keep(Desk(), TestPictures.Png(70, 70)));
        var edition = await MakeEdition("Text.");
        Assert.True(await Store.NameAsync(first.Id, "tea", "a.png", default));
        Assert.True(await Store.NameAsync(second.Id, "tea", "a.png", default));
        Assert.True(await Store.NameAsync(first.Id, "milk", "a.png", default));
        Assert.False(await Store.NameAsync(first.Id, "nope", "a.png", default));
        Assert.False(await Store.NameAsync(999, "tea", "a.png", default));

        Assert.Equal(second.Id, (await Store.NamedAsync(1, edition, ["a.png", "b.png"], default)).Single().Value.Id);
        await Store.NameInEditionAsync(own.Id, edition, "a.png", default);
        Assert.Equal(own.Id, (await Store.NamedAsync(1, edition, ["a.png"], default))["a.png"].Id);
        Assert.Equal(first.Id, (await Store.NamedAsync(2, edition + 1, ["a.png"], default))["a.png"].Id);
        Assert.Equal([new NamedPicture("tea", "a.png")], (await Store.GetAsync(second.Id, default))!.Picture.Names);
        Assert.Equal([second.Id], (await Store.ListAsync("tea", PageRequest.First, default)).Items.Select(picture => picture.Id));
    }

    [Fact]
    public async Task OnlyWhatNothingUsesIsDeleted()
    {
        var kept = await Keep(Desk(ImageStorage.Folder), TestPictures.Png());
        await Store.NameAsync(kept.Id, "tea", "my boat.png", default);
        var named = await MakeEdition("![Boat](my%20boat.png)");
        Assert.Equal([$"edition {named}"], await UsesOf(kept));
        await Database.ExecuteAsync("update editions set source = 'no picture any more'");
        var addressed = await MakeEdition($"![Boat](https://news.example.com/images/{kept.FileName})");
        Assert.Equal([$"edition {addressed}"], await UsesOf(kept));
        await Database.ExecuteAsync("delete from editions");
        await Database.ExecuteAsync($"update newsletters set layout = '<img src=\"https://news.example.com/images/{kept.FileName}\">' where slug = 'milk'");
        Assert.Equal(["newsletter milk"], await UsesOf(kept));
        await Database.ExecuteAsync("update newsletters set layout = null");
        var tied = await MakeEdition("Text.");
        await Store.NameInEditionAsync(kept.Id, tied, "x.png", default);
        Assert.Equal([$"edition {tied}"], await UsesOf(kept));
        Assert.Single(Files());

        await new EditionStore(DataSource).DeleteAsync(tied, default);
        Assert.IsType<ImageDeletion.Deleted>(await Desk().DeleteAsync(kept.Id, default));

        Assert.Empty(Files());
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from image_names"));
        Assert.IsType<ImageDeletion.NoSuchImage>(await Desk().DeleteAsync(kept.Id, default));
    }

    private async Task<IReadOnlyList<string>> UsesOf(Picture picture) => Assert.IsType<ImageDeletion.InUse>(await Desk().DeleteAsync(picture.Id, default)).By;

    private async Task<long> MakeEdition(string body) =>
        ((EditionChange.Saved)await new EditionDesk(new EditionStore(DataSource)).CreateAsync("tea", $"---\ntitle: {Guid.NewGuid():n}\n---\n{body}\n", default)).Edition.Id;

    private string[] Files() => Directory.GetFiles(_folder, "*", SearchOption.AllDirectories);

    private ImageDesk Desk(ImageStorage where = ImageStorage.Database)
    {
        var options = new ImageOptions { Store = where };
        _readers.Add(new ImageReader(options));
        return new ImageDesk(Store, _readers[^1], new ImageFolder(_folder), options);
    }

    private static async Task<Picture> Keep(ImageDesk desk, byte[] file) => Assert.IsType<ImageKeeping.Kept>(await desk.KeepAsync(file, default)).Picture;
}
