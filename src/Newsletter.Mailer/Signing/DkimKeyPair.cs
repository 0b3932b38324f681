using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Newsletter.Mailer.Signing;

/// <summary>The two halves of a new key, as text: the public one as <c>p=</c> has it, the secret one PKCS #8 PEM (RSA) or 32 bytes in base64 (Ed25519).</summary>
internal sealed record DkimKeyPair(string PublicKey, string Secret)
{
    public const string Rsa = "rsa";
    public const string Ed25519Name = "ed25519";

    public static DkimKeyPair Generate(string algorithm) => algorithm == Rsa ? GenerateRsa() : GenerateEd25519();

    private static DkimKeyPair GenerateRsa()
    {
        using var rsa = RSA.Create(2048);
        return new DkimKeyPair(Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo()), rsa.ExportPkcs8PrivateKeyPem());
    }

    private static DkimKeyPair GenerateEd25519()
    {
        var secret = RandomNumberGenerator.GetBytes(Ed25519.SecretKeySize);
        var publicKey = new byte[Ed25519.PublicKeySize];
        Ed25519.GeneratePublicKey(secret, 0, publicKey, 0);
        return new DkimKeyPair(Convert.ToBase64String(publicKey), Convert.ToBase64String(secret));
    }
}
