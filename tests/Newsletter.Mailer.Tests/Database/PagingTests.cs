using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Tests.Database;

public sealed class PagingTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(35_000_000_000)]
    [InlineData(long.MaxValue)]
    public void ACursorIsReadBackFromItsText(long id)
    {
        var text = new Cursor(id).ToString();
        Assert.Matches("^[A-Za-z0-9_-]+$", text);
        Assert.True(Cursor.TryParse(text, out var read));
        Assert.Equal(id, read.After);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void NoCursorIsTheStart(string? text)
    {
        Assert.True(Cursor.TryParse(text, out var cursor));
        Assert.Equal(Cursor.Start, cursor);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("AQ")]
    [InlineData("AgAAAAAAAAAB")]
    [InlineData("Af__________")]
    [InlineData("AQAAAAAAAAAB=")]
    [InlineData("AQAAAAAAAAAB AQAAAAAAAAAB AQAAAAAAAAAB")]
    [InlineData("'; drop table")]
    public void WhatWeDidNotWriteIsRefused(string text)
    {
        Assert.False(Cursor.TryParse(text, out _));
        Assert.False(PageRequest.TryCreate(text, null, out _, out var field, out var problem));
        Assert.Equal("after", field);
        Assert.NotEmpty(problem);
    }

    [Theory]
    [InlineData(null, PageRequest.DefaultLimit)]
    [InlineData(1, 1)]
    [InlineData(500, 500)]
    [InlineData(0, null)]
    [InlineData(501, null)]
    [InlineData(-1, null)]
    public void ALimitHasItsBounds(int? limit, int? expected)
    {
        Assert.Equal(expected is not null, PageRequest.TryCreate(null, limit, out var request, out var field, out _));
        Assert.Equal(expected is null ? "limit" : "", field);
        if (expected is not null) Assert.Equal(expected, request.Limit);
    }

    [Fact]
    public void TheLastPageNamesNoNext()
    {
        var request = new PageRequest(Cursor.Start, 2);

        Assert.Null(Page.Of([1L, 2L], request, id => id).Next);
        var page = Page.Of([1L, 2L, 3L], request, id => id);
        Assert.Equal([1L, 2L], page.Items);
        Assert.Equal(new Cursor(2).ToString(), page.Next);
    }
}
