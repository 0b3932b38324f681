using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Newsletter.Mailer.Testing;

/// <summary>
/// A private Dovecot, the mailbox server of tests: IMAP and POP3, with TLS, STARTTLS and in the clear, passwords and OAuth 2.0 tokens. Mail is
/// put into a mailbox as a file, as its own delivery agent does. Needs root and the packages; nothing public is started.
/// </summary>
public sealed class DovecotFixture : IAsyncDisposable
{
    /// <summary>Of every mailbox.</summary>
    public const string Password = "a_private_secret";

    private const string Issuer = "example";
    private static readonly byte[] s_key = SHA256.HashData("only for tests"u8);
    private static int s_number;

    private readonly string _folder;
    private PostfixServerProcess? _server;

    private DovecotFixture(string folder) => _folder = folder;

    /// <summary>IMAP, in the clear or with STARTTLS.</summary>
    public int ImapPort { get; private set; }

    /// <summary>IMAP over TLS.</summary>
    public int ImapsPort { get; private set; }

    /// <summary>POP3, in the clear or with STARTTLS.</summary>
    public int PopPort { get; private set; }

    /// <summary>POP3 over TLS.</summary>
    public int PopsPort { get; private set; }

    /// <summary>Starts it and waits until it greets.</summary>
    /// <param name="withoutIdle">It doesn't offer IDLE.</param>
    /// <exception cref="InvalidOperationException">Not root, a package is missing, or it didn't start; the message says what to do.</exception>
    public static async Task<DovecotFixture> StartAsync(bool withoutIdle = false)
    {
        if (!Environment.IsPrivilegedProcess || !File.Exists("/usr/sbin/dovecot"))
            throw new InvalidOperationException("Tests of category Dovecot start a private Dovecot, which needs root and the packages dovecot-imapd and dovecot-pop3d; leave them out (Category!=Dovecot), as tests/run.sh does.");
        var fixture = new DovecotFixture(Directory.CreateTempSubdirectory("newsletter-dovecot-").FullName);
        try
        {
            await fixture.LaunchAsync(withoutIdle);
            return fixture;
        }
        catch
        {
            await fixture.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts a message into a mailbox.</summary>
    public void Deliver(string user, byte[] mail) => Deliver(user, [mail]);

    /// <summary>Puts many messages into a mailbox.</summary>
    public void Deliver(string user, IEnumerable<byte[]> mails)
    {
        var parts = new[] { "cur", "new", "tmp" }.Select(part => Path.Combine(MailOf(user), part)).ToList();
        parts.ForEach(MakeFolder);
        // Written and given away beside the mailbox: within it, the server moves what it sees while we are at it.
        var drafts = Directory.CreateDirectory(Path.Combine(_folder, $"drafts-{Interlocked.Increment(ref s_number)}")).FullName;
        foreach (var mail in mails)
            File.WriteAllBytes(Path.Combine(drafts, string.Create(CultureInfo.InvariantCulture, $"{1_700_000_000 + Interlocked.Increment(ref s_number)}.M{s_number}P1.test")), mail);
        PostfixServerProcess.Run("/usr/bin/chown", ["nobody:nogroup", MailOf(user), .. parts]);
        PostfixServerProcess.Run("/usr/bin/chown", "-R", "nobody:nogroup", drafts);
        foreach (var draft in Directory.GetFiles(drafts).Order(StringComparer.Ordinal))
            File.Move(draft, Path.Combine(parts[1], Path.GetFileName(draft)));
    }

    /// <summary>How many messages lie in a folder of a mailbox; INBOX where none is named.</summary>
    public int Count(string user, string? folder = null)
    {
        var mail = folder is null ? MailOf(user) : Path.Combine(MailOf(user), "." + folder);
        return new[] { "cur", "new" }.Select(part => Path.Combine(mail, part)).Where(Directory.Exists)
            .Sum(part => Directory.GetFiles(part).Count(file => !file.Split(":2,")[^1].Contains('T', StringComparison.Ordinal) || !file.Contains(":2,", StringComparison.Ordinal)));
    }

    /// <summary>An access token for a mailbox, as an authorization server would sign it.</summary>
    public static string Token(string user, TimeSpan life)
    {
        var now = TimeProvider.System.GetUtcNow();
        var head = Encode("""{"alg":"HS256","typ":"JWT","kid":"default"}"""u8);
        var body = Encode(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
            $$"""{"sub":"{{user}}","iss":"{{Issuer}}","iat":{{now.AddMinutes(-5).ToUnixTimeSeconds()}},"nbf":{{now.AddMinutes(-5).ToUnixTimeSeconds()}},"exp":{{(now + life).ToUnixTimeSeconds()}}}""")));
        return $"{head}.{body}.{Encode(HMACSHA256.HashData(s_key, Encoding.ASCII.GetBytes($"{head}.{body}")))}";
    }

    /// <summary>The last that it logged.</summary>
    public string Log() => string.Join('\n', Directory.GetFiles(_folder, "*.log").Select(file => $"{Path.GetFileName(file)}:\n{string.Join('\n', File.ReadLines(file).TakeLast(30))}"));

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private static string Encode(ReadOnlySpan<byte> bytes) => System.Buffers.Text.Base64Url.EncodeToString(bytes);

    private static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_111_111);
    }

    private string MailOf(string user) => Path.Combine(_folder, "mail", user);

    private async Task LaunchAsync(bool withoutIdle)
    {
        File.SetUnixFileMode(_folder, (UnixFileMode)0b111_101_101);
        MakeFolder(Path.Combine(_folder, "mail"));
        WriteCertificate();
        (ImapPort, ImapsPort, PopPort, PopsPort) = (FreePorts.Take(), FreePorts.Take(), FreePorts.Take(), FreePorts.Take());
        await File.WriteAllTextAsync(Path.Combine(_folder, "dovecot.conf"), Configuration(withoutIdle));
        await File.WriteAllTextAsync(Path.Combine(_folder, "oauth2.conf"), $"""
            introspection_mode = local
            local_validation_key_dict = fs:posix:prefix={_folder}/keys/
            issuers = {Issuer}
            username_attribute = sub

            """);
        Directory.CreateDirectory(Path.Combine(_folder, "keys/default/HS256"));
        await File.WriteAllTextAsync(Path.Combine(_folder, "keys/default/HS256/default"), Convert.ToBase64String(s_key));
        _server = PostfixServerProcess.Start($"/usr/sbin/dovecot -F -c {_folder}/dovecot.conf", PostfixServerProcess.Terminate, Path.Combine(_folder, "console.log"));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Greets(ImapPort) || !Greets(PopPort))
        {
            if (limit.IsCancellationRequested || _server.HasEnded)
                throw new InvalidOperationException($"The private Dovecot did not start.\n{Log()}");
            await Task.Delay(50, CancellationToken.None);
        }
    }

    private string Configuration(bool withoutIdle) => $$"""
        base_dir = {{_folder}}/run
        state_dir = {{_folder}}/run
        log_path = {{_folder}}/dovecot.log
        protocols = imap pop3
        listen = 127.0.0.1
        ssl = yes
        ssl_cert = <{{_folder}}/certificate.pem
        ssl_key = <{{_folder}}/key.pem
        disable_plaintext_auth = no
        default_internal_user = nobody
        default_login_user = nobody
        auth_mechanisms = plain login oauthbearer xoauth2
        auth_failure_delay = 0
        mail_location = maildir:{{_folder}}/mail/%u
        mail_fsync = never
        mail_max_userip_connections = 50
        {{(withoutIdle ? "imap_capability = IMAP4rev1 UIDPLUS LITERAL+" : "")}}
        passdb {
          driver = oauth2
          mechanisms = oauthbearer xoauth2
          args = {{_folder}}/oauth2.conf
        }
        passdb {
          driver = static
          mechanisms = plain login
          args = password={{Password}}
        }
        userdb {
          driver = static
          args = uid=nobody gid=nogroup home={{_folder}}/mail/%u
        }
        service imap-login {
          chroot =
          inet_listener imap {
            port = {{ImapPort}}
          }
          inet_listener imaps {
            port = {{ImapsPort}}
            ssl = yes
          }
        }
        service pop3-login {
          chroot =
          inet_listener pop3 {
            port = {{PopPort}}
          }
          inet_listener pop3s {
            port = {{PopsPort}}
            ssl = yes
          }
        }
        service anvil {
          chroot =
        }
        service stats {
          chroot =
        }

        """;

    private void WriteCertificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        var now = TimeProvider.System.GetUtcNow();
        using var certificate = request.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        File.WriteAllText(Path.Combine(_folder, "certificate.pem"), certificate.ExportCertificatePem() + "\n");
        File.WriteAllText(Path.Combine(_folder, "key.pem"), key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    private static bool Greets(int port)
    {
        try
        {
            using var client = new TcpClient();
            client.Connect(IPAddress.Loopback, port);
            client.ReceiveTimeout = 2000;
            Span<byte> greeting = stackalloc byte[4];
            return client.GetStream().Read(greeting) > 0;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}
