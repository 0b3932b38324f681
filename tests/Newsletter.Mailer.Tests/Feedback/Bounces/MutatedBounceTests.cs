using System.Diagnostics;
using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Newsletter.Mailer.Feedback.Bounces;
using Newsletter.Mailer.Feedback.Mailboxes;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Testing;
using Xunit.Abstractions;

namespace Newsletter.Mailer.Tests.Feedback.Bounces;

/// <summary>
/// Mails that came back, damaged at random: none may throw, and in the long form none may take a second.
/// NEWSLETTER_BOUNCES_MINUTES=10 asks for the long form; its random choices begin at NEWSLETTER_FAULTS_SEED.
/// </summary>
public sealed class MutatedBounceTests(ITestOutputHelper said)
{
    private static readonly byte[][] s_mails = [.. ReportForms.All().Select(form => ReportForms.Bytes(form.Mail)), .. Shared()];

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(1);

    private static readonly KeyRing s_keys = KeyRing.Generate();

    [Property(MaxTest = 150)]
    public Property NoDamagedMailThrows() => Prop.ForAll(Damage.Any(s_mails).ToArbitrary(), mail => BounceReader.Read(mail).Count <= 1_000);

    [Property(MaxTest = 100)]
    public Property NoDamagedMailInTheMailboxThrows() => Prop.ForAll(
        Damage.Any(s_mails).ToArbitrary(), mail => ReturnedMail.Read(mail, s_keys, ReturnedMails.Paths) is { Outcome.Length: > 0 } news && (news.Outcome == "unclear") == (news.Why is not null));

    [Fact]
    public void NoDamagedMailThrowsOrTakesASecondForMinutes()
    {
        var minutes = double.TryParse(Environment.GetEnvironmentVariable("NEWSLETTER_BOUNCES_MINUTES"), CultureInfo.InvariantCulture, out var asked) ? asked : 0;
        var watch = Stopwatch.StartNew();
        var slowest = TimeSpan.Zero;
        var (count, again) = (0, 0);
        // The first readings build the rules.
        foreach (var mail in s_mails)
            BounceReader.Read(mail);
        var random = new Random(FaultForm.Seed);
        do
        {
            var mail = Damage.Once(s_mails[random.Next(s_mails.Length)], random.Next);
            var took = Read(mail);
            again += took > s_limit ? 1 : 0;
            // A machine that was elsewhere is elsewhere once; a mail that takes long takes long each time.
            for (var times = 0; took > s_limit && times < 2; times++)
                took = Read(mail) is var next && next < took ? next : took;
            slowest = took > slowest ? took : slowest;
            count++;
        }
        while (watch.Elapsed.TotalMinutes < minutes);

        var report = FormattableString.Invariant($"{count} mails, the slowest {slowest.TotalMilliseconds:f0} ms, {again} read again for having taken over a second once, seed {FaultForm.Seed}");
        said.WriteLine(report);
        if (minutes > 0)
            Assert.True(slowest < s_limit, report);
    }

    private static TimeSpan Read(byte[] mail)
    {
        var started = Stopwatch.GetTimestamp();
        BounceReader.Read(mail);
        return Stopwatch.GetElapsedTime(started);
    }

    private static IEnumerable<byte[]> Shared() =>
        SharedFolder.Path is null ? [] : Directory.GetFiles(SharedFolder.Of("data", "bounces", "mail")).Order(StringComparer.Ordinal).Select(File.ReadAllBytes);
}

/// <summary>Ways in which a mail is damaged.</summary>
internal static class Damage
{
    private static readonly byte[][] s_snippets =
    [
        "\r\n\r\n"u8.ToArray(), "--b\r\n"u8.ToArray(), "Content-Type: message/rfc822\r\n\r\n"u8.ToArray(), "Content-Type: multipart/mixed; boundary=b\r\n"u8.ToArray(),
        "Content-Transfer-Encoding: base64\r\n"u8.ToArray(), "=?utf-8?b?////?="u8.ToArray(), "Final-Recipient: rfc822;"u8.ToArray(), "\0"u8.ToArray(), "<<<<<@@@@>>>>>"u8.ToArray(), "550 "u8.ToArray(), "charset=utf-7;"u8.ToArray(),
    ];

    public static Gen<byte[]> Any(byte[][] mails) =>
        from mail in Gen.Choose(0, mails.Length - 1)
        from seed in Gen.Choose(0, int.MaxValue - 1)
        select Once(mails[mail], new Random(seed).Next);

    /// <param name="mail">The mail; it stays as it is.</param>
    /// <param name="below">A random number from 0 to below the one given.</param>
    public static byte[] Once(byte[] mail, Func<int, int> below)
    {
        var damaged = new List<byte>(mail);
        for (var times = 1 + below(8); times > 0 && damaged.Count > 2; times--)
        {
            var at = below(damaged.Count);
            var length = Math.Min(below(200), damaged.Count - at);
            switch (below(6))
            {
                case 0: damaged[at] = (byte)below(256); break;
                case 1: damaged.RemoveRange(at, length); break;
                case 2: damaged.InsertRange(at, damaged.GetRange(at, length)); break;
                case 3: damaged.RemoveRange(at, damaged.Count - at); break;
                case 4: damaged.InsertRange(at, s_snippets[below(s_snippets.Length)]); break;
                default: damaged.InsertRange(at, Enumerable.Repeat(damaged[at], 1 + below(5_000)).ToArray()); break;
            }
        }

        return [.. damaged];
    }
}
