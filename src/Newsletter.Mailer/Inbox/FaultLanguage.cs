namespace Newsletter.Mailer.Inbox;

/// <summary>The reference of the script language, as it is printed for people.</summary>
public static class FaultLanguage
{
    /// <summary>Some forty lines of at most 100 columns.</summary>
    public const string Reference = """
        A fault script says what goes wrong at the inbox, a rule a line:

          at MOMENT [conditions] [how often] ACTION

        For each reply the rules are tried from the first line on; the first that fires decides.
        Nothing is random, so a run can be repeated. Lines that begin with # are comments.

        MOMENT  one reply of the inbox
          connect ehlo starttls auth mail rcpt data    the greeting; the reply to that command
          body            in the middle of the message
          dot             the reply to the message itself (the final dot, or BDAT LAST)
          chunk rset noop quit other any               BDAT before the last; those commands; the rest; all

        conditions  none: always
          connection 3    of these connections, from 1: 3, 3-5, 3-, */8 (every eighth), 1,4,7-
          message 100-    of these messages of the inbox
          turn 51-        of these messages of their connection
          from PATTERN    of this sender; * is any characters, <> the null sender
          to PATTERN      of these recipients: to *@example.com
          share 0.3       of this share of all recipients, always the same ones
          bytes 2000      at body: once so many bytes of the message are there
          named WORD      only a name to count by

        how often  none: each time
          after 10        not the first ten times
          every 200       each 200th time (after those)
          first 1         so many times at most
          per recipient   counted for each recipient (or connection) by itself

        ACTION
          reply 450 4.2.1 Try again later    say this instead; \n begins another line; 421 also closes
          close 554 5.7.1 Go away            the same, then close; without code and text: the usual reply, then close
          drop | reset | silence             close, or reset, without a reply; never answer, and stay open
          delay 2s | tarpit 20ms             the usual reply later; the usual reply, so long after each byte
          answer                             the usual reply, after:
          wait 2s, pace 20ms                 before any action: first wait, then speak (at body: read) so slowly
          keep | lose                        before any action at dot: the message is kept, or lost, whatever is said

        Examples
          at rcpt share 0.3 first 1 per recipient reply 450 4.2.1 Greylisted
          at dot every 200 keep drop
          at connect connection */8 wait 1s close 421 4.3.2 Busy

        """;
}
