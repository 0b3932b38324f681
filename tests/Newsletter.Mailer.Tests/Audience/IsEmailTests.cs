using System.Text.Json;
using Newsletter.Mailer.Audience;
using Newsletter.Mailer.Testing;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Dominic Sayers' isemail test set, read from the shared folder.</summary>
[Trait("Category", "Shared")]
public sealed class IsEmailTests
{
    // test@io: right by the RFCs, and nobody's newsletter goes to a top-level domain.
    private static readonly int[] ValidAndRefused = [5];

    // Between valid and wrong by their reckoning, and fine to send to: quoted local parts (RFC 5321 §4.1.2); and a space
    // before or after, which is a matter of pasting (all other white space and comments are refused). 60 is too long only as
    // long as it has a backslash that it doesn't need.
    private static readonly int[] DoubtfulAndAccepted = [42, 45, 46, 48, 55, 60, 157, 158];

    public static TheoryData<int, string, string> Cases()
    {
        var cases = new TheoryData<int, string, string>();
        using var file = JsonDocument.Parse(File.ReadAllBytes(SharedFolder.Of("data", "isemail", "tests.json")));
        foreach (var test in file.RootElement.EnumerateArray())
            cases.Add(test.GetProperty("id").GetInt32(), test.GetProperty("category").GetString()!, test.GetProperty("address").GetString()!);
        return cases;
    }

    [SharedTheory]
    [MemberData(nameof(Cases))]
    public void WeAgreeWithIsEmailButForReasonedDifferences(int id, string category, string address)
    {
        var expected = category switch
        {
            "ISEMAIL_VALID_CATEGORY" or "ISEMAIL_DNSWARN" => !ValidAndRefused.Contains(id),
            "ISEMAIL_ERR" => false,
            _ => DoubtfulAndAccepted.Contains(id),
        };

        var accepted = EmailAddress.TryParse(address, out _, out var problem);

        Assert.True(expected == accepted, $"{id} ({category}): {problem ?? "accepted"}");
    }
}
