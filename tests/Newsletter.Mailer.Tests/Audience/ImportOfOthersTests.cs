using Newsletter.Mailer.Audience;

namespace Newsletter.Mailer.Tests.Audience;

/// <summary>Lists of programs that nobody knows, or that somebody has shortened, say who left too.</summary>
public sealed class ImportOfOthersTests : ImportTest
{
    [Fact]
    public async Task WhatAStateMeansBesidesStaysAnAttribute()
    {
        await ImportFromAsync("email,state\nana@example.com,Ohio\n");

        Assert.Equal("Ohio", (await ReadAsync("ana@example.com")).Attributes["state"].GetString());
    }

    [Theory]
    [InlineData("2026-01-31 10:00:00", 1L)]
    [InlineData("NULL", 0L)]
    public async Task ACleanedAddressOfAShortenedListIsSuppressed(string cleaned, long suppressions)
    {
        await ImportFromAsync($"Email Address,CLEAN_TIME\nana@example.com,{cleaned}\n");

        Assert.Equal(suppressions, await Database.ScalarAsync<long>("select count(*) from suppressions where reason = 'hard_bounce'"));
    }

    [Theory]
    [InlineData("email,name,status\nana@example.com,Ana,{0}\n", "unsubscribed", "unsubscribed")]
    [InlineData("e-mail;Subscription Status\nana@example.com;{0}\n", "Subscribed", "active")]
    [InlineData("e-mail;Subscription Status\nana@example.com;{0}\n", "Non-Subscribed", "unsubscribed")]
    [InlineData("e-mail;Subscription Status\nana@example.com;{0}\n", "Perhaps", null)]
    [InlineData("address,status\nana@example.com,{0}\n", "unsubscribed", "unsubscribed")]
    [InlineData("email,address,status\nana@example.com,1 Street,{0}\n", "unsubscribed", "unsubscribed")]
    [InlineData("email,unsubscribed_at\nana@example.com,{0}\n", "NULL", "active")]
    [InlineData("email,unsubscribed_at\nana@example.com,{0}\n", "0000-00-00 00:00:00", "active")]
    [InlineData("email,unsubscribed_at\nana@example.com,{0}\n", "0", "active")]
    [InlineData("email,unsubscribed_at\nana@example.com,{0}\n", "perhaps", null)]
    [InlineData("email,status\nana@example.com,{0}\n", "enabled", "active")]
    [InlineData("email,status\nana@example.com,{0}\n", "inactive", "unsubscribed")]
    [InlineData("email,status\nana@example.com,{0}\n", "unactivated", "pending")]
    [InlineData("email,unsubscribed_at\nana@example.com,{0}\n", "2026-01-01", "unsubscribed")]
    [InlineData("email,unsubscribed\nana@example.com,{0}\n", "no", "active")]
    // Columns of programs that are known, when the others were taken out.
    [InlineData("email,name,subscribed_to_emails\nana@example.com,Ana,{0}\n", "false", "unsubscribed")]
    [InlineData("email,email_disabled\nana@example.com,{0}\n", "true", "unsubscribed")]
    [InlineData("Email Address,First Name,UNSUB_TIME\nana@example.com,Ana,{0}\n", "2026-01-31 10:00:00", "unsubscribed")]
    [InlineData("email_address,subscriber_type\nana@example.com,{0}\n", "unsubscribed", "unsubscribed")]
    [InlineData("email,first_name,state\nana@example.com,Ana,{0}\n", "cancelled", "unsubscribed")]
    [InlineData("email,cancelled_at\nana@example.com,{0}\n", "2026-01-31", "unsubscribed")]
    [InlineData("email,opted_out\nana@example.com,{0}\n", "true", "unsubscribed")]
    [InlineData("email,opted_out\nana@example.com,{0}\n", "false", "active")]
    [InlineData("email,bounced\nana@example.com,{0}\n", "false", "active")]
    [InlineData("email,first_name,state\nana@example.com,Ana,{0}\n", "Ohio", "active")]
    public async Task AListOfNobodyKnowsWhomSaysWhoLeftToo(string list, string said, string? status)
    {
        var import = await ImportFromAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, list, said));

        Assert.Equal((ImportSource.Other, status), (import.Source, await StatusAsync()));
        Assert.Equal(status is null ? 1L : 0L, import.Invalid);
    }
}
