using Newsletter.Mailer.Links;

namespace Newsletter.Mailer.Testing;

/// <summary>Links and polls of issues as mails name them.</summary>
public static class NumberedLinks
{
    /// <summary>A measured link; one that leads nowhere where the issue has none of that number.</summary>
    public static async Task<NumberedLink> OfAsync(TestDatabase database, long issue, int number) =>
        NumberedLink.To(number, await database.ScalarAsync<string>("select url from links where issue_id = $1 and link_no = $2", issue, number) ?? "");

    /// <summary>A poll; one that isn't there where the issue has none of that number.</summary>
    public static async Task<NumberedLink> OfPollAsync(TestDatabase database, long issue, int number) =>
        NumberedLink.To(number, await database.ScalarAsync<string>("select question || E'\\n' || array_to_string(options, E'\\n') from polls where issue_id = $1 and poll_no = $2", issue, number) ?? "");
}
