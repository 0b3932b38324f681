namespace Newsletter.Mailer.Host.Endpoints;

/// <summary>Some of a list, and how to ask for the rest.</summary>
/// <param name="Items">In the list's order.</param>
/// <param name="Next">What to pass as <c>after</c> for what follows; null at the end.</param>
public sealed record ListAnswer<T>(IReadOnlyList<T> Items, string? Next);
