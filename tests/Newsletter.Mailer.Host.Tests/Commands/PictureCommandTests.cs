using System.Text.Json.Nodes;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Commands;

/// <summary>Pictures beside an edition's file: shown by preview, weighed by check, uploaded by send, and never taken from elsewhere.</summary>
public sealed class PictureCommandTests : CommandTest
{
    private const string Good = "---\nnewsletter: tea\ntitle: Boats\npreheader: What sails\n---\n\n![A boat](boat.png \"At dusk\")\n\nAnd ![a flag](flags/red.gif) beside it.\n";

    [Fact]
    public async Task APreviewHoldsItsPictures()
    {
        var file = await WriteEdition();

        var html = await RunBare("editions", "preview", file);
        var mime = await RunBare("editions", "preview", file, "--format", "mime");

        Assert.Equal((0, ""), (html.Code, html.Error));
        Assert.Contains("src=\"data:image/png;base64,", html.Output, StringComparison.Ordinal);
        Assert.Contains("src=\"data:image/gif;base64,", html.Output, StringComparison.Ordinal);
        Assert.Contains("width=\"320\" height=\"200\"", html.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("boat.png", html.Output, StringComparison.Ordinal);
        Assert.Contains("https://news.example.com/images/", mime.Output.Replace("=\r\n", "", StringComparison.Ordinal).Replace("=\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.DoesNotContain("data:image", mime.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACheckLooksForThem()
    {
        var file = await WriteEdition();
        Assert.Equal((0, "It can be sent.\n"), Short(await RunBare("editions", "check", file)));

        File.Delete(In("flags/red.gif"));
        var gone = await RunBare("editions", "check", file);

        Assert.Equal(1, gone.Code);
        Assert.Contains($"{file}:9:5", gone.Output, StringComparison.Ordinal);
        Assert.Contains("There is no picture \"flags/red.gif\". Put it beside e.md", gone.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingOutsideTheFolderIsRead()
    {
        var outside = Directory.CreateTempSubdirectory("newsletter-outside-").FullName;
        await File.WriteAllBytesAsync(Path.Combine(outside, "secret.png"), TestPictures.Png());
        Directory.CreateDirectory(In("sub"));
        File.CreateSymbolicLink(In("link.png"), Path.Combine(outside, "secret.png"));
        Directory.CreateSymbolicLink(In("linked"), outside);
        File.CreateSymbolicLink(In("round.png"), In("round.png"));
        await File.WriteAllBytesAsync(In("real.png"), TestPictures.Png());
        File.CreateSymbolicLink(In("sub/inside.png"), "../real.png");

        foreach (var (path, says) in new[]
        {
            ($"../{Path.GetFileName(outside)}/secret.png", "downwards"), ($"{outside}/secret.png", "begins with /"), ("link.png", "leads out of"), ("linked/secret.png", "leads out of"),
            ("%2e%2e/secret.png", "downwards"), ("round.png", "in a circle"), ("sub", "It is a folder."), ("gone.png", "There is no picture"),
        })
        {
            var said = await RunBare("editions", "preview", await WriteAsync("e.md", $"---\ntitle: x\n---\n\n![x]({path})\n"));
            Assert.Equal((1, ""), (said.Code, said.Output));
            Assert.Contains("e.md:5:1: error: ", said.Error, StringComparison.Ordinal);
            Assert.Contains(says, said.Error, StringComparison.Ordinal);
        }

        var good = await RunBare("editions", "preview", await WriteAsync("e.md", "---\ntitle: x\n---\n\n![x](sub/inside.png)\n"));
        Directory.Delete(outside, recursive: true);
        Assert.Equal((0, ""), (good.Code, good.Error));
    }

    [Fact]
    public async Task WhatIsNoPictureIsToldWhereItIsNamed()
    {
        await File.WriteAllTextAsync(In("a.png"), "<svg/>");
        await File.WriteAllBytesAsync(In("b.png"), TestPictures.Bomb());
        await File.WriteAllBytesAsync(In("c.png"), []);
        var file = await WriteAsync("e.md", "---\ntitle: x\n---\n\n![x](a.png)\n![x](b.png)\n![x](c.png)\n");

        var said = await RunBare("editions", "preview", file);

        Assert.Equal(1, said.Code);
        Assert.Contains("5:1: error: The picture \"a.png\" can't be used. A picture is a JPEG, PNG, GIF or WebP, and this is an SVG", said.Error, StringComparison.Ordinal);
        Assert.Contains("6:1: error: The picture \"b.png\" can't be used. The picture has 60,000", said.Error, StringComparison.Ordinal);
        Assert.Contains("7:1: error: The picture \"c.png\" can't be used. It is empty.", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherToolsEditionIsShownWithoutThem()
    {
        var said = await RunBare("editions", "preview", await WriteAsync("e.md", "---\nlayout: post\n---\n\n![x](/assets/gone.png) and ![y](gone.png) Text.\n"), "--body-only");

        Assert.Equal(0, said.Code);
        Assert.Contains("5:1: warning: ", said.Error, StringComparison.Ordinal);
        Assert.Contains("It is left out.", said.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendingUploadsThemForThatEditionOnly()
    {
        await Database.ExecuteAsync("insert into newsletters (slug, name, from_address, postal_address) values ('tea', 'Tea', 'tea@example.com', '1 Street')");
        var first = await Run("editions", "send", await WriteEdition(), "--at", "2031-05-06T08:00", "--json");
        await File.WriteAllBytesAsync(In("boat.png"), TestPictures.Png(200, 100));
        var second = await Run("editions", "send", await WriteAsync("f.md", Good.Replace("Boats", "More", StringComparison.Ordinal)), "--at", "2031-05-07T08:00", "--json");

        Assert.Equal((0, 0), (first.Code, second.Code));
        // The first keeps the boat that it was sent with.
        Assert.Equal("320,200", await Database.ScalarAsync<string>($"select string_agg(distinct width::text, ',' order by width::text desc) from images i join edition_images e on e.image_id = i.id where name = 'boat.png'"));
        Assert.Equal((long)JsonNode.Parse(first.Output)!["id"]!, await Database.ScalarAsync<long>("select edition_id from edition_images e join images i on i.id = e.image_id where name = 'boat.png' and width = 320"));
        Assert.Equal(3, await Database.ScalarAsync<long>("select count(*) from images"));
    }

    [Fact]
    public async Task WhatCantBeSentLeavesNoEdition()
    {
        await Database.ExecuteAsync("insert into newsletters (slug, name, from_address, postal_address) values ('tea', 'Tea', 'tea@example.com', '1 Street')");
        var file = await WriteEdition();
        await File.WriteAllTextAsync(In("boat.png"), "no picture");
        var broken = await Run("editions", "send", file);
        File.Delete(In("boat.png"));
        var gone = await Run("editions", "send", file);

        Assert.Equal((1, 1), (broken.Code, gone.Code));
        Assert.Contains("Line 7, column 11: boat.png: A picture is a JPEG", broken.Error, StringComparison.Ordinal);
        Assert.Contains("Line 7, column 1: There is no picture \"boat.png\". Upload it", gone.Error, StringComparison.Ordinal);
        Assert.Equal(0, await Database.ScalarAsync<long>("select count(*) from editions"));
    }

    private static (int, string) Short(Said said) => (said.Code, said.Output);

    private async Task<string> WriteEdition()
    {
        Directory.CreateDirectory(In("flags"));
        await File.WriteAllBytesAsync(In("boat.png"), TestPictures.Png());
        await File.WriteAllBytesAsync(In("flags/red.gif"), TestPictures.Gif());
        return await WriteAsync("e.md", Good);
    }
}
