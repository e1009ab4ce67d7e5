using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds.Execution;
using HrNetBatch.Worker;
using HrNetBatch.Worker.TestHost;

// The real worker, with a kind of job that misbehaves on request instead of the project's own.
return await WorkerProgram.RunAsync(args, new JobKinds(HandledKind.Of<BehaveArguments, BehaveHandler>()));
