using System.Globalization;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering.Body;
using Newsletter.Mailer.Rendering.Body.Containers;
using Newsletter.Mailer.Rendering.Languages;
using Newsletter.Mailer.Rendering.Slots;
using Newsletter.Mailer.Rendering.Wire;

namespace Newsletter.Mailer.Rendering;

/// <summary>Which variants an edition has, and each of them rendered.</summary>
internal sealed class EditionVariants
{
    /// <summary>Each doubles the variants, and every variant is kept with the issue.</summary>
    private const int MaxQuestions = 4;

    private const int MaxPolls = 10;
    private const int MaxHtml = 512 * 1024;
    private const int MaxTags = 20_000;

    private readonly EditionBody _body;
    private readonly RenderRequest _request;
    private readonly List<VariantQuestion> _questions = [];

    private readonly List<(int Line, EditionPoll Poll)> _polls;
    private readonly string _voteUrl;

    private EditionVariants(EditionBody body, RenderRequest request, SlotTable table)
    {
        (_body, _request) = (body, request);
        _polls = [.. body.Whole.Containers.Where(container => container.Poll is not null).Select((container, i) => (container.Line, container.Poll! with { Number = i + 1 }))];
        var token = table.Add(new SlotSource($"{{{{ {SlotName.VoteToken} }}}}", new SourcePosition(1, 1)));
        _voteUrl = $"{new PublicSite(request.PublicUrl).Votes}{token}.";
    }

    public IReadOnlyList<VariantQuestion> Questions => _questions;

    /// <summary>What the edition asks, whoever sees it.</summary>
    public IEnumerable<EditionPoll> Polls => _polls.Select(poll => poll.Poll);

    /// <summary>The variants; null where there would be too many, or the edition is far too long.</summary>
    public static EditionVariants? Of(EditionBody body, RenderRequest request, SlotTable table, List<RenderProblem> problems)
    {
        var variants = new EditionVariants(body, request, table);
        return variants.HasBearablePolls(problems) && variants.AskQuestions(problems) && variants.HasBearableLength(problems) ? variants : null;
    }

    public IReadOnlyList<RenderedVariant> Render(EditionPage page, SlotReader reader, PageLines lines)
    {
        var subject = reader.Read(lines.Subject);
        var variants = new List<RenderedVariant>();
        for (var mask = 0; mask < 1 << _questions.Count; mask++)
        {
            var setting = Setting(mask);
            var tree = _body.For(setting.Knows);
            var text = page.Text(tree, setting);
            variants.Add(new RenderedVariant(
                _request, mask, RenderedVariant.NameOf(_questions, mask), subject,
                reader.Read(page.Html(tree, BodyHtml.Write(tree, setting), _body.RawLinks)), reader.Read(text.Shown),
                new TextBody(reader.Read(text.Sent), text.DeletesSpace)));
        }

        return variants;
    }

    /// <summary>What everyone may see on the web: the variant of whom nothing is known.</summary>
    public WebEdition ToWeb(SlotTable table, SlotReader reader, PageLines lines)
    {
        var setting = Setting(0) with { OnWeb = true, VoteUrl = null };
        return new WebEditionWriter(_request, table, reader, lines)
            .Write(() => BodyHtml.Sanitise(BodyHtml.Write(_body.For(setting.Knows), setting), _body.RawLinks));
    }

    private bool AskQuestions(List<RenderProblem> problems)
    {
        foreach (var container in _body.Whole.Containers)
        {
            if (container.Condition is not { Question: var question } || IsSettled(question) || _questions.Contains(question))
                continue;
            _questions.Add(question);
            if (_questions.Count <= MaxQuestions)
                continue;
            problems.Add(new RenderProblem(
                RenderSeverity.Error, _request.Edition.BodyLine + container.Line, 1,
                $"An edition can tell at most {MaxQuestions} kinds of readers apart, and :::{container.Name} {container.Argument} is one more: {string.Join(", ", _questions.Select(asked => asked.Name))}. Take one out, or make a second edition."));
            return false;
        }

        return true;
    }

    // Of an edition for premium readers, or for one segment, everybody has the same answer.
    private bool IsSettled(VariantQuestion question) => question switch
    {
        VariantQuestion.Premium => _request.Edition.Tier == "premium",
        VariantQuestion.InSegment(var segment) => _request.Edition.Segment is { } all && segment.IsCalled(all),
        _ => false,
    };

    private ContainerSetting Setting(int mask) => new(
        Phrases.For(EditionFacts.Language(_request)),
        _request.Newsletter.PremiumUrl,
        condition => (IsSettled(condition.Question) || (mask >> _questions.IndexOf(condition.Question) & 1) == 1) == condition.Answer)
    {
        Polls = _polls,
        VoteUrl = _voteUrl,
    };

    private bool HasBearablePolls(List<RenderProblem> problems)
    {
        foreach (var (line, poll) in _polls)
            if (poll.Closes <= _request.SentAt.DateTime)
                problems.Add(new RenderProblem(
                    RenderSeverity.Warning, _request.Edition.BodyLine + line, 1,
                    string.Create(CultureInfo.InvariantCulture, $"This poll closes at {poll.Closes:yyyy-MM-dd HH:mm}, before the edition goes out: nobody can vote. Correct closes.")));
        if (_polls.Count <= MaxPolls)
            return true;
        problems.Add(new RenderProblem(RenderSeverity.Error, _request.Edition.BodyLine + _polls[MaxPolls].Line, 1, $"An edition has at most {MaxPolls} polls. Take some out."));
        return false;
    }

    // Short Markdown can be long HTML; what is far beyond any mail is not worth the work of shaping it.
    private bool HasBearableLength(List<RenderProblem> problems)
    {
        var html = BodyHtml.Write(_body.Whole, Setting(0) with { Knows = static _ => true });
        if (html.Length <= MaxHtml && html.AsSpan().Count('<') <= MaxTags)
            return true;
        problems.Add(new RenderProblem(
            RenderSeverity.Error, _request.Edition.BodyLine, 1,
            $"The edition is far longer than any mail: {html.Length / 1024} KB of HTML before styling, where Gmail clips at 102 KB. Split it into several editions."));
        return false;
    }
}
