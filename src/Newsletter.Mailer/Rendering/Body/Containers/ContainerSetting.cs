using Newsletter.Mailer.Rendering.Languages;

namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>What containers say around their content, the same in HTML and text.</summary>
/// <param name="Words">In the edition's language.</param>
/// <param name="PremiumUrl">Where one becomes a premium reader; null: by answering the mail.</param>
/// <param name="Knows">Whether this variant's readers see what is for those of whom a condition is true.</param>
internal sealed record ContainerSetting(Phrases Words, string? PremiumUrl, Func<ContainerCondition, bool> Knows)
{
    /// <summary>Whether it is for the web: nobody can answer a page.</summary>
    public bool OnWeb { get; init; }

    /// <summary>The edition's polls, in the order of its whole text, whoever sees them; a container is known by its line.</summary>
    public IReadOnlyList<(int Line, EditionPoll Poll)> Polls { get; init; } = [];

    /// <summary>What a choice of a poll leads to begins with; what follows is <c>1.2</c>, poll and choice. Null: nobody can vote from there.</summary>
    public string? VoteUrl { get; init; }

    /// <summary>A poll with its number; null where it is none that can be asked.</summary>
    public EditionPoll? PollOf(EditionContainer container) => Polls.FirstOrDefault(poll => poll.Line == container.Line).Poll;

    /// <summary>What is said below the choices; null: nothing.</summary>
    public string? PollNote(EditionPoll poll)
    {
        string?[] notes =
        [
            poll.IsAnonymous ? Words.Text("container.poll.anonymous") : null,
            VoteUrl is null ? Words.Text("container.poll.web") : null,
        ];
        var said = string.Join(' ', notes.OfType<string>());
        return said.Length == 0 ? null : said;
    }

    /// <summary>Whether its readers see that a part is missing, in the place of the part.</summary>
    public bool IsGate(EditionContainer container) => container is { Kind: ContainerKind.Premium, Condition: { } condition } && !Knows(condition);

    /// <summary>The label of an advertisement.</summary>
    public string AdLabel(EditionContainer ad) =>
        ad.Argument.Length == 0 ? Words.Text("container.ad") : Words.Text("container.ad.by", ("sponsor", ad.Argument));

    /// <summary>What a call to the conversation is headed by.</summary>
    public string ConversationTitle(EditionContainer call) =>
        (call.Url is null ? call.Argument : call.Label) is { Length: > 0 } title ? title : Words.Text("container.conversation.title");

    /// <summary>What is said where its author says nothing: where the conversation is, and who has no thread answers the mail.</summary>
    public string ConversationText(EditionContainer call) =>
        Words.Text(call.Url is not null ? "container.conversation.thread" : OnWeb ? "container.conversation.web" : "container.conversation.text");

    /// <summary>What stands on a video's bar, and for its picture where that has no words of its own.</summary>
    public string VideoLabel(EditionContainer video) => string.IsNullOrEmpty(video.Label) ? Words.Text("container.video") : video.Label;
}
