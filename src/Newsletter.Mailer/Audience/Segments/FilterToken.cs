namespace Newsletter.Mailer.Audience.Segments;

/// <summary>What a piece of a filter is.</summary>
internal enum FilterTokenKind
{
    /// <summary>A name or keyword: letters, digits, underscores and dots.</summary>
    Word,

    /// <summary>In quotation marks; <see cref="FilterToken.Text"/> is what stands between them.</summary>
    Text,

    /// <summary>A decimal number.</summary>
    Number,

    /// <summary>A day, written 2026-01-31.</summary>
    Date,

    /// <summary>One of <c>= != &lt; &lt;= &gt; &gt;= ( ) ,</c></summary>
    Sign,

    /// <summary>Nothing follows.</summary>
    End,
}

/// <summary>A piece of a filter and its place: by line and column, and from the filter's start.</summary>
internal sealed record FilterToken(FilterTokenKind Kind, string Text, int Line, int Column, int Length, int Start)
{
    /// <summary>Whether it is this keyword, in any case.</summary>
    public bool IsWord(string word) => Kind == FilterTokenKind.Word && Text.Equals(word, StringComparison.OrdinalIgnoreCase);

    public bool IsSign(string sign) => Kind == FilterTokenKind.Sign && Text == sign;

    public FilterException Error(string message) => new(new FilterProblem(Line, Column, Math.Max(1, Length), message));

    /// <summary>How to speak of it.</summary>
    public string Shown => Kind switch
    {
        FilterTokenKind.End => "the end of the filter",
        FilterTokenKind.Text => $"the text \"{Shorten(Text)}\"",
        _ => $"\"{Shorten(Text)}\"",
    };

    private static string Shorten(string text) => text.Length <= 40 ? text : text[..40] + "…";
}
