return await HrNetBatch.Cli.CommandLine.RunAsync(args);
