using HrNetBatch.LocalServiceBus.Hosting;

return await CommandLine.RunAsync(args);
