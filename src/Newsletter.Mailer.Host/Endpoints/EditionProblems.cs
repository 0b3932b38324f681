using System.Globalization;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Why an edition couldn't be kept, by field, in sentences.</summary>
internal static class EditionProblems
{
    /// <summary>The field of the request that is to blame, and what is wrong with it; none where no field is.</summary>
    public static IEnumerable<(string Field, string Message)> ByField(EditionChange change) => change switch
    {
        EditionChange.Unreadable(var errors) => errors.Select(error => ("source", Sentence(error))),
        EditionChange.NewsletterMissing => [("newsletter", "It is missing: name the newsletter's slug in the request or in the front matter.")],
        EditionChange.NewsletterUnknown(var slug) => [("newsletter", $"There is no newsletter '{slug}'.")],
        EditionChange.NewsletterDiffers(var inDocument, var expected) => [("source", $"Its front matter says 'newsletter: {inDocument}', but it is meant for '{expected}'.")],
        EditionChange.NumberTaken(var number) => [("number", $"The newsletter has an edition {number} already. Give another 'number' in the front matter.")],
        EditionChange.DigestHasNoNumber => [("number", "A digest has no number: numbers are for editions that you write. Take the 'number' out of the front matter.")],
        EditionChange.SlugTaken(var slug) => [("slug", $"The newsletter has an edition with the slug '{slug}' already. Give another 'slug' in the front matter.")],
        _ => [],
    };

    /// <summary>The same for a person at a terminal.</summary>
    public static IEnumerable<string> Sentences(EditionChange change) =>
        change is EditionChange.NewsletterMissing
            ? ["The newsletter is missing: name its slug with --newsletter or in the front matter."]
            : ByField(change).Select(problem => problem.Message);

    private static string Sentence(FrontMatterError error) =>
        string.Create(CultureInfo.InvariantCulture, $"Line {error.Line}, column {error.Column}{(error.Key is null ? "" : $" ({error.Key})")}: {error.Message}");
}
