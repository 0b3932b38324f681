using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Rendering;

/// <summary>
/// An edition as the web shows it: what somebody sees of whom nothing is known, so the free tier's, with every slot at its default and
/// nobody's links. A part of a page; the page around it is not frozen.
/// </summary>
public sealed record WebEdition
{
    /// <summary><see cref="Gate"/> of an edition for premium readers.</summary>
    public const string Premium = "premium";

    /// <summary><see cref="Gate"/> of an edition that can't be rendered any more.</summary>
    public const string Unreadable = "unreadable";

    /// <summary>BCP 47 tag.</summary>
    public required string Language { get; init; }

    /// <summary>The day it bears: as its author dated it, else the day it was sent on in the newsletter's zone.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>Who wrote it, as plain text; null where nobody is named.</summary>
    public string? Byline { get; init; }

    /// <summary>What it is about, as plain text: its preheader, else its first words; empty where there is neither.</summary>
    public required string Description { get; init; }

    /// <summary>Sanitised HTML without styles of its own; null where <see cref="Gate"/> says why.</summary>
    public string? Html { get; init; }

    /// <summary>Why there is no text: <see cref="Premium"/> or <see cref="Unreadable"/>; null where there is.</summary>
    public string? Gate { get; init; }

    /// <summary>SHA-256 of all of it.</summary>
    public byte[] Hash() => SHA256.HashData(Encoding.UTF8.GetBytes($"{Language}\0{Day:O}\0{Byline}\0{Description}\0{Gate}\0{Html}"));
}
