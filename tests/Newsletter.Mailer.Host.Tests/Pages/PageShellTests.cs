using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Newsletter.Mailer.Host.Pages;

namespace Newsletter.Mailer.Host.Tests.Pages;

public sealed partial class PageShellTests
{
    [Fact]
    public void WhatIsPutIntoATemplateIsEncodedUnlessItIsMarkup()
    {
        var name = "<b>\"Ana\" & 'Ben'</b> 用户";
        var markup = Html.Of($"<i>{1}</i>");

        Assert.Equal(
            "<p title=\"&lt;b&gt;&quot;Ana&quot; &amp; &#x27;Ben&#x27;&lt;/b&gt; 用户\"><i>1</i><i>1</i><i>1</i></p>",
            Html.Of($"<p title=\"{name}\">{markup}{new[] { markup, markup }}{(string?)null}{Html.None}</p>").ToString());
    }

    [Fact]
    public void ThePolicyNamesExactlyTheStylesOfThePage()
    {
        var page = Some() with { Style = new PageStyle(".x { color: red; }\r\n.y { color: blue; }") };
        var hashes = Styles().Matches(page.Render()).Select(match => $"'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups["css"].Value)))}'");

        Assert.Contains($"style-src {string.Join(' ', hashes)};", page.ContentPolicy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", page.ContentPolicy, StringComparison.Ordinal);
        Assert.Contains("frame-src 'none'", page.ContentPolicy, StringComparison.Ordinal);
        Assert.Contains("frame-src 'self'", (page with { HasFrame = true }).ContentPolicy, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new PageStyle("</style>"));
    }

    [Theory]
    [InlineData("en", "ltr")]
    [InlineData("ar", "rtl")]
    [InlineData("he-IL", "rtl")]
    [InlineData("\"><script>", "ltr")]
    public void ThePageSaysItsLanguageAndDirection(string language, string direction)
    {
        var page = (Some() with { Language = language, Title = "<Tea>", Site = "<Site>", SitePath = "/?a=\"b" }).Render();

        Assert.Contains($"dir=\"{direction}\"", page, StringComparison.Ordinal);
        Assert.Contains("<title>&lt;Tea&gt;</title>", page, StringComparison.Ordinal);
        Assert.Contains("href=\"/?a=&quot;b\">&lt;Site&gt;</a>", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("HEAD", false)]
    public async Task ThePageIsWrittenWithItsStatusAndHeaders(string method, bool body)
    {
        var http = new DefaultHttpContext { Request = { Method = method }, Response = { Body = new MemoryStream() } };
        await (Some() with { Status = 404 }).ExecuteAsync(http);

        Assert.Equal(404, http.Response.StatusCode);
        Assert.Equal("text/html; charset=utf-8", http.Response.ContentType);
        Assert.Equal("nosniff", http.Response.Headers.XContentTypeOptions);
        Assert.Equal("no-store", http.Response.Headers.CacheControl);
        Assert.Equal("no-referrer", http.Response.Headers["Referrer-Policy"]);
        Assert.Contains("default-src 'none'", http.Response.Headers.ContentSecurityPolicy.ToString(), StringComparison.Ordinal);
        Assert.Equal(body, http.Response.Body.Length > 0);
    }

    private static PageShell Some() => new() { Title = "Tea", Body = Html.Of($"<h1>Tea</h1>") };

    [GeneratedRegex("<style>(?<css>.*?)</style>", RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Styles();
}
