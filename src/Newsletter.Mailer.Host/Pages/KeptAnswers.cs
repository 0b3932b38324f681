namespace Newsletter.Mailer.Host.Pages;

/// <summary>Answers that are the same for everyone, made once for each tag.</summary>
internal sealed class KeptAnswers : KeptBytes
{
    /// <summary>The bytes under the tag; made anew where they are not kept.</summary>
    public async Task<byte[]> GetAsync(string tag, Func<Task<byte[]>> make) => (await FindAsync(tag, async () => await make()))!;
}
