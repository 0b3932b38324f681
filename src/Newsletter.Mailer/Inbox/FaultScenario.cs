namespace Newsletter.Mailer.Inbox;

/// <summary>A script with a name, for whoever doesn't want to write one.</summary>
/// <param name="Name">What it is called on the command line.</param>
/// <param name="Summary">What goes wrong, in a sentence.</param>
/// <param name="Text">The script, as <see cref="FaultScriptReader"/> reads it, with comments.</param>
public sealed record FaultScenario(string Name, string Summary, string Text)
{
    /// <summary>Its rules.</summary>
    public FaultPlan Plan => FaultScriptReader.Read(Text) is FaultScriptOutcome.Read(var plan)
        ? plan
        : throw new InvalidOperationException($"The scenario {Name} can't be read.");

    /// <summary>The scenario of that name, without case; null where there is none.</summary>
    public static FaultScenario? Find(string name) =>
        All.FirstOrDefault(scenario => scenario.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Every scenario, the mildest first.</summary>
    public static IReadOnlyList<FaultScenario> All { get; } =
    [
        new("none", "Nothing goes wrong.", """
            # Nothing goes wrong: every message is taken at once.

            """),
        new("greylisting", "A third of the readers' servers say 450 to the first try of each reader.", """
            # Greylisting: the first try for a reader is put off, the next is taken.
            # A third of the readers are behind servers that do it, always the same ones.
            at rcpt share 0.33 first 1 per recipient reply 450 4.2.1 Greylisted, please try again later

            """),
        new("slow", "Each message is answered after 50 ms, and every eighth connection crawls.", """
            # A relay that thinks: 50 ms for each message.
            # Every eighth connection is a tarpit that says its replies one byte at a time.
            at dot connection */8 tarpit 20ms
            at dot delay 50ms

            """),
        new("busy", "The relay turns connections away and closes them after some messages.", """
            # A relay with more work than it likes: it greets every fifth connection with 421,
            # closes each connection after 50 messages, and at times has no room for a message.
            at connect every 5 reply 421 4.3.2 Too many connections, come back later
            at mail turn 51- reply 421 4.7.0 Enough messages for one connection
            at dot every 150 reply 452 4.3.1 Out of disk space, try again later

            """),
        new("throttled", "One reader in ten is put off twice, by a relay that asks to slow down.", """
            # A provider that finds us too fast: 4.7.x and a text that means it.
            at rcpt share 0.1 first 2 per recipient reply 450 4.7.28 Unusual rate of mail from your network, slow down
            at rcpt every 90 reply 451 4.7.1 Too many messages, slow down

            """),
        new("unknown-users", "Two readers in a hundred don't exist any more.", """
            # An old list: these are refused for good, and are to be suppressed.
            at rcpt share 0.02 reply 550 5.1.1 No such user here

            """),
        new("full-mailboxes", "Three readers in a hundred have a full mailbox, some of them for good.", """
            # Most empty their mailbox meanwhile, some never do.
            at rcpt share 0.005 reply 552 5.2.2 Mailbox full
            at rcpt share 0.03 first 2 per recipient reply 452 4.2.2 Mailbox full

            """),
        new("filtered", "A content filter refuses one message in a hundred.", """
            # Refused for what it says, not for whom it is for: nobody may be suppressed for it.
            at dot every 100 reply 554 5.7.1 Message refused by a content filter

            """),
        new("drops", "Connections break: before the message, in its middle, and after it, when nobody can know.", """
            # After the dot the relay has the message and its answer is lost: a second copy is all that can be done (RFC 1047).
            at dot named kept after 10 every 400 keep drop
            # Here it doesn't have it: the second try is the first to arrive.
            at dot named lost after 110 every 400 lose drop
            # And in the open: nothing was taken. A short message may be under way as a whole; then, too, nobody can know.
            at body named middle every 150 bytes 2000 reset
            at mail every 170 drop

            """),
        new("silence", "Now and then the relay stops talking and leaves the connection open.", """
            # No reply and no end: only a time-out helps. Twice before the message, once after it.
            at rcpt after 50 every 400 first 2 silence
            at dot after 200 first 1 lose silence

            """),
        new("outage", "The relay goes away in the middle and comes back.", """
            # After so many messages every connection is dropped, and the next ones are refused.
            at mail after 300 first 8 drop
            at connect after 8 first 4 reply 421 4.3.2 Down for maintenance

            """),
        new("refused-sender", "The relay refuses our sender at each reader: the issue must pause, and no reader may fail for it.", """
            # Postfix answers a refused sender at RCPT. It says nothing about the readers.
            at rcpt after 100 reply 553 5.7.1 Sender address rejected: not owned by user

            """),
        new("bad-day", "A little of everything.", """
            # Greylisting, vanished readers, broken connections and a relay that is busy, all at once.
            at connect every 9 reply 421 4.3.2 Too many connections, come back later
            at mail turn 81- reply 421 4.7.0 Enough messages for one connection
            at rcpt share 0.01 reply 550 5.1.1 No such user here
            at rcpt share 0.2 first 1 per recipient reply 450 4.2.1 Greylisted, please try again later
            at body every 300 bytes 1000 drop
            at dot after 20 every 500 keep drop
            at dot after 270 every 500 lose reset
            at dot every 7 delay 40ms

            """),
    ];
}
