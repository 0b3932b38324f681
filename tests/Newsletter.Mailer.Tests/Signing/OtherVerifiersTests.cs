using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Delivery;
using Newsletter.Mailer.Links;
using Newsletter.Mailer.Signing;
using Newsletter.Mailer.Testing;
using Newsletter.Mailer.Tests.Smtp;

namespace Newsletter.Mailer.Tests.Signing;

/// <summary>Signed mail after its way through a real relay, verified by MimeKit, by dkimpy (Debian's python3-dkim) and by mailauth (npm).</summary>
[Trait("Category", "Postfix")]
[Trait("Category", "Verifiers")]
public sealed class OtherVerifiersTests : DatabaseTest
{
    private static readonly KeyRing s_ring = KeyRing.Generate();

    // Debian's package is for Debian's Python, whatever else stands first on the path.
    private const string Dkimpy = """
        import dkim, json, sys
        records = json.loads(sys.argv[1])
        mail = open(sys.argv[2], 'rb').read()
        look = lambda name, timeout=5: records[name.decode().rstrip('.')].encode()
        print(json.dumps([dkim.DKIM(mail).verify(idx=number, dnsfunc=look) for number in range(2)]))
        """;

    private const string Mailauth = """
        import { readFileSync } from 'node:fs';
        import { createRequire } from 'node:module';
        const { dkimVerify } = createRequire(process.cwd() + '/')('mailauth/lib/dkim/verify');
        const records = JSON.parse(process.argv[2]);
        const { results } = await dkimVerify(readFileSync(process.argv[3]), { resolver: async (name) => [[records[name.replace(/\.$/, '')]]] });
        console.log(JSON.stringify(results.map((result) => result.status.result === 'pass')));
        """;

    [Fact]
    public async Task EverySignatureHoldsAfterARealRelayForEveryVerifier()
    {
        var keys = new[] { await ActiveAsync("one", "rsa"), await ActiveAsync("two", "ed25519") };
        var mail = await ThroughPostfixAsync();

        Assert.Equal([true, true], Verifying.Verify(mail, keys));
        var folder = Directory.CreateTempSubdirectory("newsletter-verifiers-").FullName;
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(folder, "mail.eml"), mail);
            var records = JsonSerializer.Serialize(keys.ToDictionary(key => key.RecordName, key => key.Record));
            await RunAsync(folder, "npm", "install", "mailauth@4", "--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--prefix", folder);
            Assert.Equal("[true, true]", await AskAsync(folder, "/usr/bin/python3", "dkimpy.py", Dkimpy, records));
            Assert.Equal("[true,true]", await AskAsync(folder, "node", "mailauth.mjs", Mailauth, records));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<DkimKey> ActiveAsync(string selector, string algorithm)
    {
        var store = new DkimKeyStore(DataSource, s_ring);
        await store.CreateAsync("example.com", selector, algorithm, default);
        return (await store.ActivateAsync("example.com", selector, default))!;
    }

    private async Task<byte[]> ThroughPostfixAsync()
    {
        await using var postfix = await PostfixFixture.StartAsync();
        using var signer = new DkimKeys(new DkimKeyStore(DataSource, s_ring), s_ring, TimeProvider.System);
        var relay = Sending.RelayAt(postfix.Port) with
        {
            Security = RelaySecurity.StartTls,
            UserName = PostfixFixture.UserName,
            Password = PostfixFixture.Password,
            AcceptAnyCertificate = true,
        };
        await using (var connection = Assert.IsType<ConnectOutcome.Connected>(await Sending.Transport(signer: signer).ConnectAsync(relay, CancellationToken.None)).Connection)
            Assert.IsType<SendOutcome.Accepted>(await connection.SendAsync(Sending.Mail("ana@signed.example.net", Verifying.Message("Hello.\r\n.\r\n..dots\r\n\r\n"))));
        await postfix.WaitForDeliveredAsync("signed.example.net", 1, TimeSpan.FromSeconds(60));
        return Encoding.UTF8.GetBytes(postfix.Delivered("signed.example.net").Single().ReplaceLineEndings("\r\n"));
    }

    private static async Task<string> AskAsync(string folder, string program, string script, string text, string records)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, script), text);
        return (await RunAsync(folder, program, script, records, "mail.eml")).Trim();
    }

    private static async Task<string> RunAsync(string folder, string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false })!;
        var (said, complained) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"{program}: {await complained}");
        return await said;
    }
}
