using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

public sealed class EmailAddressTests
{
    [Theory]
    [InlineData("ana@example.com", "ana@example.com")]
    [InlineData("Ana.Lee+news@Example.COM", "Ana.Lee+news@example.com")]
    [InlineData("  ana@example.com\t", "ana@example.com")]
    [InlineData("\uFEFF\u00A0ana@example.com\u200B", "ana@example.com")]
    [InlineData("o'brien!#$%&*/=?^_`{|}~-@example.com", "o'brien!#$%&*/=?^_`{|}~-@example.com")]
    [InlineData("ana@bücher.example", "ana@xn--bcher-kva.example")]
    [InlineData("ana@BÜCHER.example", "ana@xn--bcher-kva.example")]
    [InlineData("ana@例え。テスト", "ana@xn--r8jz45g.xn--zckzah")]
    [InlineData("ana@xn--bcher-kva.example", "ana@xn--bcher-kva.example")]
    [InlineData("josé@example.com", "josé@example.com")]
    [InlineData("jose\u0301@example.com", "josé@example.com")]
    [InlineData("用户@example.com", "用户@example.com")]
    [InlineData("\"ana\"@example.com", "ana@example.com")]
    [InlineData("\"a\\na\"@example.com", "ana@example.com")]
    [InlineData("\"ana lee\"@example.com", "\"ana lee\"@example.com")]
    [InlineData("\"a@b\"@example.com", "\"a@b\"@example.com")]
    [InlineData("\"\\\"\\\\\\x\"@example.com", "\"\\\"\\\\x\"@example.com")]
    public void ARightAddressIsReadAndBroughtIntoOneSpelling(string raw, string expected)
    {
        Assert.True(EmailAddress.TryParse(raw, out var address, out var problem), problem);
        Assert.Equal(expected, address.Value);
        Assert.Equal(address.Value, $"{address.LocalPart}@{address.Domain}");
        Assert.True(EmailAddress.TryParse(address.Value, out var again));
        Assert.Equal(address.Value, again.Value);
    }

    [Theory]
    [InlineData(null, "The address is empty.")]
    [InlineData(" ", "The address is empty.")]
    [InlineData("ana", "The address has no @.")]
    [InlineData("ana＠example.com", "The address has a full-width ＠ in place of the @.")]
    [InlineData("@example.com", "The address has nothing before the @.")]
    [InlineData("ana@", "The address has nothing after the @.")]
    [InlineData("ana@lee@example.com", "The address has more than one @.")]
    [InlineData("Ana <ana@example.com>", "The address has a name or an angle bracket before it: give the bare address, like name@example.com.")]
    [InlineData(".ana@example.com", "The part before the @ starts with a dot.")]
    [InlineData("ana.@example.com", "The part before the @ ends with a dot.")]
    [InlineData("ana..lee@example.com", "The part before the @ has two dots in a row.")]
    [InlineData("ana lee@example.com", "The part before the @ holds a space at character 4, which is not allowed there.")]
    [InlineData("ana,lee@example.com", "The part before the @ holds \",\" at character 4, which is not allowed there.")]
    [InlineData("ana@ example.com", "The address holds a space next to the @.")]
    [InlineData("ana@example.com\r\nBcc: eve@example.org", "The address holds a line break at character 16.")]
    [InlineData("ana@example.com\n", "The address holds a line break at character 16.")]
    [InlineData("an\0a@example.com", "The address holds a NUL character at character 3.")]
    [InlineData("a\uFFFEna@example.com", "The address holds the character U+FFFE at character 2.")]
    [InlineData("a\uFDD0na@example.com", "The address holds the character U+FDD0 at character 2.")]
    [InlineData("a\u202Ena@example.com", "The address holds a bidirectional control character (U+202E) at character 2.")]
    [InlineData("a\u200Dna@example.com", "The address holds an invisible character (U+200D) at character 2.")]
    [InlineData("a\u2003na@example.com", "The address holds a space (U+2003) at character 2.")]
    [InlineData("jos\uFFFD@example.com", "The address holds U+FFFD, the sign of a text read in the wrong encoding at character 4.")]
    [InlineData("ana\u037Elee@example.com", "The part before the @ holds \";\" at character 4, which is not allowed there.")]
    [InlineData("ana@localhost", "The domain has no dot in it; a full domain is needed, like example.com.")]
    [InlineData("ana@[192.0.2.1]", "The domain is a network address in brackets; a domain name is needed, like example.com.")]
    [InlineData("ana@192.0.2.1", "The domain ends in a number, as a network address does; a domain name is needed, like example.com.")]
    [InlineData("ana@exa_mple.com", "The domain holds \"_\"; only letters, digits, hyphens and dots are allowed.")]
    [InlineData("ana@example.com,", "The domain holds \",\"; only letters, digits, hyphens and dots are allowed.")]
    [InlineData("ana@-example.com", "A part of the domain starts with a hyphen.")]
    [InlineData("ana@example-.com", "A part of the domain ends with a hyphen.")]
    [InlineData("ana@example..com", "The domain has two dots in a row.")]
    [InlineData("ana@.example.com", "The domain starts with a dot.")]
    [InlineData("ana@example.com.", "The domain ends with a dot.")]
    [InlineData("ana@xn--a.example", "A part of the domain starts with xn-- and is no valid punycode.")]
    [InlineData("ana@büch er.example", "The domain is no valid internationalised domain name.")]
    [InlineData("\"ana@example.com", "The quotation mark at the start of the address is never closed.")]
    [InlineData("\"\"@example.com", "The address has nothing between its quotation marks.")]
    [InlineData("\"ana\"lee@example.com", "After the closing quotation mark the address goes on with something other than @.")]
    [InlineData("\"ana\"", "After the closing quotation mark the address goes on with something other than @.")]
    [InlineData("\"a\\é\"@example.com", "The backslash before character 4 stands before something other than ASCII.")]
    [InlineData("ana(work)@example.com", "The part before the @ holds \"(\" at character 4, which is not allowed there.")]
    // PostgreSQL's lower() makes an i of it: the address would be another reader's.
    [InlineData("v\u0130ctim@example.com", "The address holds \"İ\" at character 2.")]
    public void AWrongAddressIsRefusedWithASentence(string? raw, string expected)
    {
        Assert.False(EmailAddress.TryParse(raw, out var address, out var problem));
        Assert.Null(address);
        Assert.Equal(expected, problem);
    }

    // No attribute can carry half a character.
    [Fact]
    public void HalfACharacterIsRefused()
    {
        Assert.False(EmailAddress.TryParse("a\uD800@example.com", out _, out var problem));
        Assert.Equal("The address holds half a character (a lone surrogate) at character 2.", problem);
    }

    [Fact]
    public void LengthsAreCountedInBytesAsTheyTravel()
    {
        Assert.True(EmailAddress.TryParse(new string('a', 64) + "@example.com", out _));
        Assert.False(EmailAddress.TryParse(new string('a', 65) + "@example.com", out _));
        Assert.True(EmailAddress.TryParse(new string('é', 32) + "@example.com", out _));
        Assert.False(EmailAddress.TryParse(new string('é', 33) + "@example.com", out _, out var problem));
        Assert.Equal("The part before the @ is 66 bytes long, and 64 is the limit.", problem);

        var domain = string.Join('.', Enumerable.Repeat(new string('b', 61), 4));
        Assert.True(EmailAddress.TryParse($"{new string('a', 254 - 1 - domain.Length)}@{domain}", out _));
        Assert.False(EmailAddress.TryParse($"{new string('a', 255 - 1 - domain.Length)}@{domain}", out _));
        Assert.False(EmailAddress.TryParse("a@" + new string('b', 64) + ".example", out _));
        Assert.False(EmailAddress.TryParse(new string('a', 5_000_000), out _));
    }

    [Fact]
    public void AddressesAreEqualWhateverTheirCase()
    {
        Assert.True(EmailAddress.TryParse("Ana@Example.com", out var one));
        Assert.True(EmailAddress.TryParse("aNA@example.COM", out var other));

        Assert.Equal(one, other);
        Assert.Equal(one.GetHashCode(), other.GetHashCode());
        Assert.Equal("Ana@example.com", one.ToString());
    }

    [Fact]
    public void OnlyANonAsciiLocalPartNeedsSmtpUtf8()
    {
        Assert.True(EmailAddress.TryParse("ana@bücher.example", out var ascii));
        Assert.True(EmailAddress.TryParse("josé@example.com", out var international));

        Assert.True(ascii.IsAsciiLocalPart);
        Assert.False(international.IsAsciiLocalPart);
    }
}
