return await HrNetBatch.Worker.WorkerProgram.RunAsync(args);
