// A small house with its own rules broken, for ArchitectureTests to find, and some of what is allowed.
using Dapper;
using MailKit.Net.Smtp;
using MimeKit;
using Npgsql;

namespace Planted.Database
{
    internal static class Keeper
    {
        internal static int FindSubscriber() => 1;
    }
}

namespace Planted.Delivery
{
    internal interface IThing
    {
        int Number { get; }
    }

    internal class Thing : IThing
    {
        public int Number => 1;
    }

    internal sealed class Value
    {
    }

    internal sealed class ThingException : Exception;

    internal static class ReadsTheInbox
    {
        internal static Type Make() => typeof(Inbox.ReadsDelivery);
    }

    internal static class ReadsTheHost
    {
        internal static Type Make() => typeof(Host.Wiring.Wired);
    }

    internal sealed class AsksPostgres(NpgsqlDataSource source)
    {
        internal string Where => source.ConnectionString;
    }

    internal static class AsksByDapper
    {
        internal static void Make() => SqlMapper.PurgeQueryCache();
    }

    internal static class SendsItself
    {
        internal static IDisposable Make() => new SmtpClient();
    }

    internal static class Composes
    {
        internal static IDisposable Make() => new MimeMessage();
    }

    internal sealed class GoodStore(NpgsqlDataSource source)
    {
        internal Func<Task> Make() => async () =>
        {
            await using var connection = await source.OpenConnectionAsync();
            Database.Keeper.FindSubscriber();
        };
    }
}

namespace Planted.Smtp
{
    internal static class Sender
    {
        internal static IDisposable[] Make() => [new SmtpClient(), new MimeMessage(), Make(new Delivery.Thing())];

        private static MemoryStream Make(Delivery.Thing thing) => new(thing.Number);
    }
}

namespace Planted.Reports
{
    internal static class Report
    {
        internal static int Make() => new Delivery.Thing().Number;
    }
}

namespace Planted.Doctor
{
    internal static class ReadsReports
    {
        internal static int Make() => Reports.Report.Make();
    }
}

namespace Planted.Inbox
{
    internal static class ReadsDelivery
    {
        internal static int Make() => new Delivery.Thing().Number;
    }
}

namespace Planted.Host.Endpoints
{
    internal static class AskEndpoints
    {
        internal static NpgsqlDataSource Make() => NpgsqlDataSource.Create("Host=db.example.org");
    }
}

namespace Planted.Host.Jobs
{
    internal static class HidingStore
    {
        internal static NpgsqlDataSource Make() => NpgsqlDataSource.Create("Host=db.example.org");
    }
}

namespace Planted.Host.Wiring
{
    internal static class Wired
    {
        internal static object[] Make() => [NpgsqlDataSource.Create("Host=db.example.org"), Reports.Report.Make(), Inbox.ReadsDelivery.Make(), Delivery.SendsItself.Make()];
    }
}

namespace Planted.Cellar
{
    internal static class Stowaway
    {
    }
}
