using Npgsql;

namespace Newsletter.Mailer.Audience.Segments;

/// <summary>Whom a request means by <c>newsletter</c>, <c>segment</c> and <c>filter</c>.</summary>
internal sealed class SegmentChoiceStore(NpgsqlDataSource database)
{
    /// <summary>The newsletter's context, and the filter that was named or written (null where neither was); or what is wrong with which field.</summary>
    public async Task<(FilterContext? Context, SegmentFilter? Filter, FieldProblem? Problem)> FindAsync(
        string? newsletter, string? segment, string? filter, CancellationToken stop)
    {
        if (string.IsNullOrEmpty(newsletter) || await new SegmentSizeStore(database).ContextAsync(newsletter, stop) is not { } context)
            return Wrong("newsletter", "There is no newsletter with this slug.");
        if (segment is not null && filter is not null) return Wrong("filter", "Give either a segment or a filter.");
        if (segment is not null)
        {
            var found = (await new SegmentStore(database).AllOfAsync(context.NewsletterId, stop)).FirstOrDefault(known => known.IsCalled(segment));
            if (found is null) return Wrong("segment", "The newsletter has no segment with this slug or name.");
            filter = found.Filter;
        }

        if (filter is null) return (context, null, null);
        return SegmentFilter.TryParse(filter, out var read) is { } problem
            ? Wrong(segment is null ? "filter" : "segment", segment is null ? problem.ToString() : $"The segment's filter can't be read any more. {problem}")
            : (context, read, null);
    }

    private static (FilterContext?, SegmentFilter?, FieldProblem?) Wrong(string field, string problem) => (null, null, new FieldProblem(field, problem));
}
