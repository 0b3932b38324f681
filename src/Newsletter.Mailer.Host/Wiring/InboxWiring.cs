using Microsoft.Extensions.Options;
using Newsletter.Mailer.Access;
using Newsletter.Mailer.Host.Pages;

namespace Newsletter.Mailer.Host.Wiring;

/// <summary>Who may look into the built-in inbox.</summary>
internal static class InboxWiring
{
    /// <summary>
    /// On a machine of one's own, everyone; where PublicUrl can be reached from elsewhere, holders of an operator's key:
    /// the mail holds readers' addresses and the links that act for them.
    /// </summary>
    public static void MapInbox(this WebApplication app)
    {
        var pages = app.MapInboxPages(() => app.Services.GetRequiredService<OpenRelays>().Inbox);
        if (new Uri(app.Services.GetRequiredService<IOptions<SiteOptions>>().Value.PublicUrl).IsLoopback)
            pages.AllowAnonymous();
        else
            pages.RequireScope(Scopes.Operate, ApiKeyAuthentication.Basic);
    }
}
