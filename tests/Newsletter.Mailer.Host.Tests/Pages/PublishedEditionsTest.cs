using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Scheduling;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Host.Tests.Pages;

/// <summary>The real server with a newsletter, <c>tea</c>, whose editions are published as a test needs them.</summary>
public abstract class PublishedEditionsTest : IAsyncLifetime
{
    protected const string Root = "http://localhost:8080";

    protected ServerUnderTest Server { get; private set; } = null!;

    /// <summary>Somebody without a key.</summary>
    protected HttpClient Reader { get; private set; } = null!;

    protected NewsletterProfile Newsletter { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Server = await ServerUnderTest.StartAsync();
        Reader = Server.ClientWith(null);
        Newsletter = await Some.NewsletterAsync(Server.Database, draft => draft with { Name = "Tea <b>&</b> \"Biscuits\"" });
    }

    public async Task DisposeAsync()
    {
        Reader.Dispose();
        await Server.DisposeAsync();
    }

    protected async Task PublishAsync(string body, string frontMatter = "title: T", string? slug = null)
    {
        var kept = await Server.Services.GetRequiredService<EditionDesk>().CreateAsync("tea", $"---\n{frontMatter}\nslug: {slug}\n---\n{body}\n", default);
        var edition = Assert.IsType<EditionChange.Saved>(kept).Edition;
        await Some.DueAsync(Server.Database, edition);
        Assert.Equal(Publishing.Frozen, await Server.Services.GetRequiredService<IssuePublisher>().PublishAsync(edition.Id, default));
    }

    protected async Task<IDocument> PageAsync(string slug) => await ReadAsync(await Reader.GetAsync($"/n/tea/archive/{slug}"));

    protected static async Task<IDocument> ReadAsync(HttpResponseMessage answer)
    {
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return new HtmlParser().ParseDocument(await answer.Content.ReadAsStringAsync());
    }

    protected static string? Href(IDocument page, string selector) => page.QuerySelector(selector)?.GetAttribute("href");

    protected static string? Content(IDocument page, string selector) => page.QuerySelector(selector)?.GetAttribute("content");
}
