using System.CommandLine;
using Newsletter.Mailer.Benchmarks.Arena;

namespace Newsletter.Mailer.Benchmarks.Sending;

/// <summary><c>send</c>: our whole pipeline beside smtp-source and nodemailer, in one run and by turns.</summary>
internal static class SendVerb
{
    public static Command Create()
    {
        var messages = new Option<int>("--messages") { Description = "Messages a round of smtp-source and of ours; nodemailer sends a fifth of them.", DefaultValueFactory = _ => 20_000, HelpName = "N" };
        var rounds = new Option<int>("--rounds") { Description = "How often each has its turn; what is told are medians.", DefaultValueFactory = _ => 3, HelpName = "N" };
        var connections = new Option<int>("--connections") { Description = "SMTP connections of each sender.", DefaultValueFactory = _ => 16, HelpName = "N" };
        var delay = new Option<int>("--delay") { Description = "The sink replies so many milliseconds late: a relay far away.", HelpName = "MS" };
        var chunking = new Option<bool>("--chunking") { Description = "The sink offers CHUNKING and our relay has UseChunking: BDAT instead of DATA." };
        var ownSink = new Option<bool>("--own-sink") { Description = "To a sink of our own in the place of smtp-sink, which looks at every byte by itself and so takes more of the machine than a signature does." };
        var noRecording = new Option<bool>("--no-recording") { Description = "Also take a turn that records nothing, and tell what recording costs." };
        var noNodemailer = new Option<bool>("--no-nodemailer") { Description = "Leave nodemailer out (it is fetched from npm)." };
        var dkim = new Option<bool>("--dkim") { Description = "Ours and nodemailer sign with RSA-2048, and openssl speed tells what the machine could." };
        var folder = BenchmarkOptions.Folder();
        var json = BenchmarkOptions.Json();
        var command = new Command("send", "Send a personalised 60 KB message to many readers; needs smtp-source and smtp-sink (Debian package postfix), nodejs and npm.")
        {
            messages, rounds, connections, delay, chunking, ownSink, noRecording, noNodemailer, dkim, folder, json,
        };
        command.SetAction(async (parsed, _) =>
        {
            var report = await SendBenchmark.RunAsync(new SendSettings
            {
                Messages = parsed.GetValue(messages),
                Rounds = parsed.GetValue(rounds),
                Connections = parsed.GetValue(connections),
                Delay = TimeSpan.FromMilliseconds(parsed.GetValue(delay)),
                Chunking = parsed.GetValue(chunking),
                OwnSink = parsed.GetValue(ownSink),
                WithoutRecording = parsed.GetValue(noRecording),
                Nodemailer = !parsed.GetValue(noNodemailer),
                Dkim = parsed.GetValue(dkim),
                Folder = parsed.GetValue(folder),
            });
            report.Write();
            if (parsed.GetValue(json))
                Figures.WriteJson(report.ToJson());
            return 0;
        });
        return command;
    }
}
