namespace Newsletter.Mailer.Doctor;

/// <summary>How much a finding matters.</summary>
public enum FindingLevel
{
    /// <summary>As it should be.</summary>
    Ok,

    /// <summary>Good to know; nothing has to be done.</summary>
    Note,

    /// <summary>Mail goes out, but some of it may be refused, delayed or distrusted.</summary>
    Warning,

    /// <summary>Mail doesn't go out, is refused, or something can be lost.</summary>
    Error,
}

/// <summary>What one look at the installation found.</summary>
public sealed record Finding
{
    /// <summary>What was looked at: <c>spf</c>, <c>dkim</c>, <c>dmarc</c>, <c>bounce-mx</c>, <c>relay</c>, <c>mailbox</c>, <c>alarm</c>, <c>complaints</c>, <c>helo</c>, <c>ptr</c>, <c>tls</c>, <c>clock</c>, <c>postgres</c>, <c>disk</c>, <c>queue</c>, <c>keys</c>, <c>public-url</c>, <c>one-click</c>.</summary>
    public required string Check { get; init; }

    /// <summary>Whose: a domain, a relay's name, a folder; empty for the installation.</summary>
    public required string About { get; init; }

    public required FindingLevel Level { get; init; }

    /// <summary>A sentence for a person.</summary>
    public required string Message { get; init; }

    /// <summary>What to publish, change or run, as text to paste; null: nothing.</summary>
    public string? Remedy { get; init; }
}

/// <summary>One thing that can be looked at.</summary>
public interface ICheck
{
    /// <summary>Looks. What can't be found out is a finding too, never an exception.</summary>
    Task<IReadOnlyList<Finding>> RunAsync(CancellationToken stop);
}

/// <summary>Makes findings of one check.</summary>
internal sealed class Findings(string check)
{
    private readonly List<Finding> _all = [];

    public IReadOnlyList<Finding> All => _all;

    public Findings Ok(string about, string message) => Add(about, FindingLevel.Ok, message, null);

    public Findings Note(string about, string message, string? remedy = null) => Add(about, FindingLevel.Note, message, remedy);

    public Findings Warn(string about, string message, string? remedy = null) => Add(about, FindingLevel.Warning, message, remedy);

    public Findings Fail(string about, string message, string? remedy = null) => Add(about, FindingLevel.Error, message, remedy);

    private Findings Add(string about, FindingLevel level, string message, string? remedy)
    {
        _all.Add(new Finding { Check = check, About = about, Level = level, Message = message, Remedy = remedy });
        return this;
    }
}
