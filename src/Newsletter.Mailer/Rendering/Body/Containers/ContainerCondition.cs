namespace Newsletter.Mailer.Rendering.Body.Containers;

/// <summary>Who sees what is in a container.</summary>
/// <param name="Question">What is asked of a reader.</param>
/// <param name="Answer">The answer of those who see it.</param>
internal sealed record ContainerCondition(VariantQuestion Question, bool Answer);
