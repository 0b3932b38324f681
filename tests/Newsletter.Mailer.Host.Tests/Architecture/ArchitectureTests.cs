using Newsletter.Mailer.Database;

namespace Newsletter.Mailer.Host.Tests.Architecture;

/// <summary>Data flows one way through the rooms; this holds the compiled program to it.</summary>
public sealed class ArchitectureTests
{
    private static readonly string Library = typeof(DatabaseHost).Assembly.Location;
    private static readonly string Program = Path.Combine(AppContext.BaseDirectory, "newsletter.dll");
    private static readonly string Tests = typeof(ArchitectureTests).Assembly.Location;

    [Fact]
    public void TheLibraryKeepsTheRules() => AssertNone(Inspection.Of(Library, House.Real));

    [Fact]
    public void TheHostKeepsTheRules() => AssertNone(Inspection.Of(Program, House.Real));

    [Fact]
    public void TheLibraryKnowsNeitherWebNorJobServer() =>
        Assert.DoesNotContain(Inspection.ReferencesOf(Library),
            name => name.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal) || name.StartsWith("Hangfire", StringComparison.Ordinal));

    [Theory]
    [InlineData("Planted.Links.InAnAsyncLambda", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAnAsyncIterator", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAnIterator", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InALambda", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAGenericArgument", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAConstraint`1", "Planted.Delivery.IThing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAnAttribute", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAnAttributesList", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InALocal", "Planted.Delivery.Value", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InACatch", "Planted.Delivery.ThingException", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InAnArrayField", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InItsBase", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Links.InANestedType", "Planted.Delivery.Thing", "Delivery comes after Links on the path")]
    [InlineData("Planted.Doctor.ReadsReports", "Planted.Reports.Report", "nobody in the library imports Reports")]
    [InlineData("Planted.Inbox.ReadsDelivery", "Planted.Delivery.Thing", "Inbox stands alone")]
    [InlineData("Planted.Delivery.ReadsTheInbox", "Planted.Inbox.ReadsDelivery", "Inbox stands alone")]
    [InlineData("Planted.Delivery.ReadsTheHost", "Planted.Host.Wiring.Wired", "the library knows no host")]
    [InlineData("Planted.Delivery.AsksPostgres", "Npgsql.NpgsqlDataSource", "Npgsql is for Database, Host.Wiring and *Store types")]
    [InlineData("Planted.Delivery.AsksByDapper", "Dapper.SqlMapper", "Dapper is for Database and *Store types")]
    [InlineData("Planted.Delivery.SendsItself", "MailKit.Net.Smtp.SmtpClient", "MailKit is for Smtp, Feedback")]
    [InlineData("Planted.Delivery.Composes", "MimeKit.MimeMessage", "MimeKit is for Rendering, Preflight, Smtp, Feedback, Inbox")]
    [InlineData("Planted.Host.Endpoints.AskEndpoints", "Npgsql.NpgsqlDataSource", "Npgsql is for Database, Host.Wiring and *Store types")]
    [InlineData("Planted.Host.Jobs.HidingStore", "Npgsql.NpgsqlDataSource", "Npgsql is for Database, Host.Wiring and *Store types")]
    [InlineData("Planted.Cellar.Stowaway", "Planted.Cellar", "its namespace is in no room")]
    [InlineData("Planted.Database.Keeper", "FindSubscriber", "Subscriber is a newsletter noun")]
    public void AViolationIsFound(string type, string uses, string why) =>
        Assert.Contains(new Violation(type, uses, why), Planted());

    [Theory]
    [InlineData("Planted.Delivery.GoodStore")] // Npgsql in a store's async lambda, and a look back
    [InlineData("Planted.Smtp.Sender")] // MailKit and MimeKit, and a look back
    [InlineData("Planted.Host.Wiring.Wired")] // knows every room, and Npgsql
    [InlineData("Planted.Reports.Report")] // reads what lies before it
    public void WhatIsAllowedIsNotReported(string type) =>
        Assert.DoesNotContain(Planted(), violation => violation.Type == type);

    private static IReadOnlyList<Violation> Planted() => Inspection.Of(Tests, new House("Planted"));

    private static void AssertNone(IReadOnlyList<Violation> violations) =>
        Assert.True(violations.Count == 0, string.Join(Environment.NewLine, violations));
}
