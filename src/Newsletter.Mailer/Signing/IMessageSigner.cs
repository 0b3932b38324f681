using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Signing;

/// <summary>Signs what leaves. Implemented by <see cref="DkimKeys"/>; whoever speaks to relays knows no keys.</summary>
public interface IMessageSigner
{
    /// <summary>Makes sure that the keys are those in use now, or were a moment ago.</summary>
    /// <returns>Null, or why nothing may leave: mail that should be signed and can't be must wait.</returns>
    Task<string?> RefreshAsync(CancellationToken stop);

    /// <summary>The message with its signatures in front; itself where its sender's domain has no key. The same message and keys give the same bytes.</summary>
    FilledMessage Sign(FilledMessage message);
}
