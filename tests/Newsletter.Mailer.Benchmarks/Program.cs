return await Newsletter.Mailer.Benchmarks.BenchmarkVerbs.RunAsync(args);
