return await Newsletter.Mailer.Host.Commands.CommandLine.RunAsync(args);
