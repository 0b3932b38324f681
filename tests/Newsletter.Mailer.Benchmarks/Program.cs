return await new System.CommandLine.RootCommand("How fast Newsletter.Mailer is.") { Newsletter.Mailer.Benchmarks.Fairness.FairnessVerb.Create() }.Parse(args).InvokeAsync();
