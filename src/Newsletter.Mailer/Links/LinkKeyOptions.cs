using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Links;

/// <summary>Section <c>Links</c>: the keys that sign every link ever mailed.</summary>
public sealed class LinkKeyOptions
{
    /// <summary>
    /// The keys by id (lower-case letters and digits, at most 8), each at least 32 random bytes in base64.
    /// Old keys stay: they verify the links of issues long sent. Default: none.
    /// </summary>
    public Dictionary<string, string> Keys { get; set; } = [];

    /// <summary>Id of the key that signs from now on. Default: the only key, where there is just one.</summary>
    [StringLength(8)]
    public string? ActiveKey { get; set; }
}
