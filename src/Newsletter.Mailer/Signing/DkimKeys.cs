using System.Buffers;
using System.Data.Common;
using System.Text;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Rendering;

namespace Newsletter.Mailer.Signing;

/// <summary>The keys that sign now, by domain, looked up anew every half minute while mail goes out.</summary>
public sealed class DkimKeys(DkimKeyStore store, KeyRing ring, TimeProvider clock) : IMessageSigner, IDisposable
{
    /// <summary>The longest that a key just activated waits, beside the age of open connections.</summary>
    internal static readonly TimeSpan Refreshed = TimeSpan.FromSeconds(30);

    private static readonly SearchValues<byte> s_afterDomain = SearchValues.Create("> \t\r\n(,;"u8);

    private readonly SemaphoreSlim _loading = new(1, 1);
    private Dictionary<string, DkimSigner>? _signers;
    private Dictionary<string, string> _secrets = [];
    private long _loadedAt;

    public async Task<string?> RefreshAsync(CancellationToken stop)
    {
        if (IsFresh)
            return null;
        await _loading.WaitAsync(stop);
        try
        {
            return IsFresh ? null : await LoadAsync(stop);
        }
        // The keys of half a minute ago are good while the database is away.
        catch (Exception e) when (e is DbException or TimeoutException or IOException)
        {
            return _signers is null ? $"The keys that sign mail can't be read: {e.Message}" : null;
        }
        finally
        {
            _loading.Release();
        }
    }

    public FilledMessage Sign(FilledMessage message)
    {
        if (_signers is not { Count: > 0 } signers)
            return message;
        var whole = message.HeaderSegments > 0 ? message : Cut(message);
        var block = Block(whole);
        var fields = HeaderFields.Of(block);
        return SignerFor(signers, FromDomain(block, fields)) is { } signer
            ? new FilledMessage([signer.Sign(whole, block, fields), .. whole.Segments], whole.RequiresSmtpUtf8, whole.HeaderSegments + 1)
            : message;
    }

    public void Dispose() => _loading.Dispose();

    private bool IsFresh => _signers is not null && clock.GetElapsedTime(_loadedAt) < Refreshed;

    private async Task<string?> LoadAsync(CancellationToken stop)
    {
        var rows = await store.ListActiveAsync(stop);
        var secrets = rows.ToDictionary(row => $"{row.Domain} {row.Algorithm}", row => $"{row.Selector} {row.Secret}", StringComparer.Ordinal);
        // Signers hold keys that are costly to read: they stay while nothing changed.
        if (_signers is null || secrets.Count != _secrets.Count || secrets.Except(_secrets).Any())
        {
            if (Open(rows, out var signers) is { } problem)
                return problem;
            (_signers, _secrets) = (signers, secrets);
        }

        _loadedAt = clock.GetTimestamp();
        return null;
    }

    private string? Open(IReadOnlyList<DkimSecret> rows, out Dictionary<string, DkimSigner> signers)
    {
        signers = new Dictionary<string, DkimSigner>(StringComparer.OrdinalIgnoreCase);
        foreach (var domain in rows.GroupBy(row => row.Domain, StringComparer.Ordinal))
        {
            var keys = new List<SigningKey>();
            foreach (var row in domain.OrderBy(row => row.Algorithm == DkimKeyPair.Rsa ? 0 : 1))
            {
                if (SealedSecret.Open(ring, DkimKeyStore.Purpose, row.Secret, out var problem) is not { } secret)
                    return $"The key {row.Selector} that signs for {row.Domain} can't be used: {problem}. Put the key of Links:Keys back, or make another with 'newsletter keys dkim create {row.Domain}'.";
                keys.Add(SigningKey.Create(row.Algorithm, row.Selector, secret));
            }

            signers[domain.Key] = new DkimSigner(domain.Key, keys);
        }

        return null;
    }

    // RFC 7489 §3.1.1: a parent's signature is aligned as well. What is left of the first label is never a domain of ours.
    private static DkimSigner? SignerFor(Dictionary<string, DkimSigner> signers, string domain)
    {
        for (var name = domain; name.Contains('.', StringComparison.Ordinal); name = name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            if (signers.TryGetValue(name, out var signer))
                return signer;
        }

        return null;
    }

    private static string FromDomain(byte[] block, List<FieldAt> fields)
    {
        foreach (var field in fields)
        {
            if (HeaderFields.Name(block, field) != "from")
                continue;
            var value = block.AsSpan(field.Colon + 1, field.End - field.Colon - 1);
            var domain = value[(value.LastIndexOf((byte)'@') + 1)..];
            var end = domain.IndexOfAny(s_afterDomain);
            return Encoding.ASCII.GetString(end < 0 ? domain : domain[..end]);
        }

        return "";
    }

    private static byte[] Block(FilledMessage message)
    {
        var length = 0;
        for (var i = 0; i < message.HeaderSegments; i++)
            length += message.Segments[i].Length;
        var block = new byte[length];
        for (int i = 0, at = 0; i < message.HeaderSegments; at += message.Segments[i++].Length)
            message.Segments[i].Span.CopyTo(block.AsSpan(at));
        return block;
    }

    // A message that doesn't know where its body begins.
    private static FilledMessage Cut(FilledMessage message)
    {
        using var all = new MemoryStream();
        message.WriteTo(all);
        var bytes = all.ToArray();
        var empty = bytes.AsSpan().IndexOf("\r\n\r\n"u8);
        var body = empty < 0 ? bytes.Length : empty + 4;
        return new FilledMessage([bytes.AsMemory(0, body), bytes.AsMemory(body)], message.RequiresSmtpUtf8, headerSegments: 1);
    }
}
