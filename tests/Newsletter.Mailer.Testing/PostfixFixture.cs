using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// A private Postfix, the real relay of tests, as operators run it: STARTTLS, and AUTH through a private Dovecot before any mail
/// is taken. Every message lands in one Maildir, but for recipients called unknown (550 5.1.1) and senders called refused
/// (answered, as Postfix does by default, at RCPT). Needs root and both packages; nothing public is started.
/// </summary>
public sealed class PostfixFixture : IAsyncDisposable
{
    /// <summary>Whom AUTH lets in.</summary>
    public const string UserName = "newsletter";

    /// <summary>The password of <see cref="UserName"/>.</summary>
    public const string Password = "a private secret";

    private readonly string folder;
    private PostfixServerProcess? postfix;
    private PostfixServerProcess? dovecot;

    private PostfixFixture(string folder) => this.folder = folder;

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>The messages delivered to readers of a domain so far, as Postfix wrote them: LF line ends, its own headers in front.</summary>
    public IReadOnlyList<string> Delivered(string domain)
    {
        var maildir = Path.Combine(folder, "mail/inbox/new");
        return Directory.Exists(maildir)
            ? [.. Directory.GetFiles(maildir).Select(File.ReadAllText).Where(text => DeliveredTo(text).EndsWith($"@{domain}", StringComparison.Ordinal))]
            : [];
    }

    /// <summary>Starts both servers and waits until Postfix greets.</summary>
    /// <exception cref="InvalidOperationException">Not root, a package is missing, or a server didn't start; the message says what to do.</exception>
    public static async Task<PostfixFixture> StartAsync()
    {
        Require();
        var fixture = new PostfixFixture(Directory.CreateTempSubdirectory("newsletter-postfix-").FullName);
        try
        {
            await fixture.LaunchAsync();
            return fixture;
        }
        catch
        {
            await fixture.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until so many messages for a domain are delivered.</summary>
    public async Task WaitForDeliveredAsync(string domain, int count, TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        while (Delivered(domain).Count < count)
        {
            if (limit.IsCancellationRequested)
                throw new TimeoutException($"Postfix delivered {Delivered(domain).Count} of {count} messages within {patience}.\n{Log()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    /// <summary>The last that Postfix and Dovecot logged.</summary>
    public string Log() => string.Join('\n', Directory.GetFiles(folder, "*.log").Select(ReadEnd));

    public async ValueTask DisposeAsync()
    {
        if (postfix is not null)
            await postfix.DisposeAsync();
        if (dovecot is not null)
            await dovecot.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static string DeliveredTo(string text) =>
        text.Split('\n').First(line => line.StartsWith("Delivered-To: ", StringComparison.Ordinal));

    private static void Require()
    {
        if (!Environment.IsPrivilegedProcess)
            throw new InvalidOperationException("Tests of category Postfix start a private Postfix, which only root can; leave them out (Category!=Postfix), as tests/run.sh does.");
        foreach (var program in new[] { "/usr/sbin/postfix", "/usr/sbin/dovecot", "/usr/share/postfix/master.cf.dist" })
        {
            if (!File.Exists(program))
                throw new InvalidOperationException($"Tests of category Postfix need {program}: install postfix and dovecot-core, as tests/run.sh does.");
        }
    }

    private async Task LaunchAsync()
    {
        // Postfix's and Dovecot's own users walk through here.
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
        WriteCertificate();
        var login = PostfixConfiguration.WriteDovecot(folder, UserName, Password);
        dovecot = PostfixServerProcess.Start($"/usr/sbin/dovecot -F -c {login}", PostfixServerProcess.Terminate, Path.Combine(folder, "dovecot-console.log"));
        await UntilAsync(() => File.Exists(Path.Combine(folder, "auth.sock")), dovecot);

        Port = FreePorts.Take();
        PostfixConfiguration.WritePostfix(folder, Port);
        postfix = PostfixServerProcess.Start($"/usr/sbin/postfix -c {folder}/postfix start-fg", $"/usr/sbin/postfix -c {folder}/postfix stop", Path.Combine(folder, "postfix-console.log"));
        await UntilAsync(Greets, postfix);
    }

    private void WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(folder, "server.pem"), key.ExportPkcs8PrivateKeyPem() + "\n" + certificate.ExportCertificatePem() + "\n");
        File.SetUnixFileMode(Path.Combine(folder, "server.pem"), UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    private async Task UntilAsync(Func<bool> ready, PostfixServerProcess server)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!ready())
        {
            if (limit.IsCancellationRequested || server.HasEnded)
                throw new InvalidOperationException($"A private mail server did not start.\n{Log()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private bool Greets()
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, Port);
            client.ReceiveTimeout = 2000;
            Span<byte> greeting = stackalloc byte[4];
            return client.GetStream().Read(greeting) > 0 && greeting.StartsWith("220"u8);
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }

    private static string ReadEnd(string file) =>
        $"{Path.GetFileName(file)}:\n{string.Join('\n', File.ReadLines(file).TakeLast(30))}";
}
