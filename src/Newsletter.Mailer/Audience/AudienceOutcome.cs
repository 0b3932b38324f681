namespace Newsletter.Mailer.Audience;

/// <summary>One thing wrong with what was asked for.</summary>
/// <param name="Field">The field's name as in the JSON, for instance <c>email</c> or <c>attributes.city</c>.</param>
/// <param name="Problem">A sentence: what is wrong and what would be right.</param>
public sealed record FieldProblem(string Field, string Problem);

/// <summary>What became of a request to read or change the audience.</summary>
public abstract record AudienceOutcome<T>
{
    private AudienceOutcome()
    {
    }

    /// <summary>It was not there before (201).</summary>
    public sealed record Created(T Value) : AudienceOutcome<T>;

    /// <summary>It was there and now is as asked, whether or not that took a change (200).</summary>
    public sealed record Updated(T Value) : AudienceOutcome<T>;

    /// <summary>It was read (200).</summary>
    public sealed record Found(T Value) : AudienceOutcome<T>;

    /// <summary>It is gone (204).</summary>
    public sealed record Removed : AudienceOutcome<T>;

    /// <summary>What is asked about does not exist (404).</summary>
    public sealed record NotFound : AudienceOutcome<T>;

    /// <summary>Something else already has this value of the field (409).</summary>
    public sealed record AlreadyExists(string Field, string Problem) : AudienceOutcome<T>;

    /// <summary>Right in form, but the present state forbids it (409). Nothing was changed.</summary>
    public sealed record Conflict(string Field, string Problem) : AudienceOutcome<T>;

    /// <summary>Wrong in form (422 or 400). Nothing was changed.</summary>
    public sealed record Invalid(IReadOnlyList<FieldProblem> Problems) : AudienceOutcome<T>
    {
        public Invalid(string field, string problem)
            : this([new FieldProblem(field, problem)])
        {
        }
    }
}
