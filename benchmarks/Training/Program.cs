// Images per second of training, ours against the original Python code, taken in turns so that a busy machine hurts both alike.
//   dotnet run -c Release --project benchmarks/Training -- CHECKOUT [ROUNDS [THREADS [VARIANT [IMAGE-SIZE]]]]
//   dotnet run -c Release --project benchmarks/Training -- memory
// CHECKOUT is a clone of HRNet/HRNet-Image-Classification, run by python3 or what PYTHON names.

using System.Diagnostics;
using System.Globalization;
using HrNetBatch.Benchmarks.Training;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Data;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Training;
using TorchSharp;

const int BatchSize = 32;

MallocTuning.KeepFreedMemory();
LibTorch.Load();
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

if (args[0] == "memory")
{
    await Memory.MeasureAsync("w18_small_v1", threads: 2);
    return;
}
string checkout = args[0];
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;
int threads = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 2;
string variant = args.Length > 3 ? args[3] : "w18_small_v1";
int imageSize = args.Length > 4 ? int.Parse(args[4], CultureInfo.InvariantCulture) : 64;
int stepCount = imageSize > 128 ? 1 : 5;
torch.set_num_threads(threads);

using Process python = Process.Start(new ProcessStartInfo(
    Environment.GetEnvironmentVariable("PYTHON") ?? "python3",
    [Path.Combine(AppContext.BaseDirectory, "original.py"), checkout, variant, $"{threads}", $"{BatchSize}", $"{imageSize}"])
{
    RedirectStandardInput = true,
    RedirectStandardOutput = true,
}) ?? throw new InvalidOperationException("python3 did not start.");
string version = await python.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("original.py ended; see its message above.");

var recipe = new TrainingOptions { BatchSize = BatchSize, LearningRate = 0.01 };
TrainingOptions divided = recipe with { MicroBatchSize = BatchSize / threads };
using torch.Tensor pixels = torch.rand(BatchSize, 3, imageSize, imageSize);

(string Way, Func<int, Task<(double Seconds, double Cpu)>> Run)[] ways =
[
    ($"original Python code, torch {version}", steps => AskAsync("nchw", steps)),
    ($"original Python code, torch {version}, channels-last", steps => AskAsync("nhwc", steps)),
    ($"original Python code, torch {version}, channels-last, bf16", steps => AskAsync("nhwc-bf16", steps)),
    ("ours", Ours(recipe)),
    ($"ours, {threads} micro-batches", Ours(divided)),
    ("ours, bf16", Ours(recipe with { Precision = TrainingPrecision.Bf16 })),
    ($"ours, {threads} micro-batches, bf16", Ours(divided with { Precision = TrainingPrecision.Bf16 })),
];
foreach (var (_, run) in ways)
    await run(2);
var measures = ways.ToDictionary(way => way.Way, _ => new List<(double Seconds, double Cpu)>());
for (int round = 0; round < rounds; round++)
{
    foreach (var (way, run) in ways)
        measures[way].Add(await run(stepCount));
    Console.Error.WriteLine($"round {round + 1} of {rounds}");
}

Console.WriteLine($"{variant}, {imageSize}×{imageSize}, batch {BatchSize}, {threads} threads, {rounds} rounds of {stepCount} steps\n");
Console.WriteLine("| way | images/s | ratio | CPU ms an image | ratio |\n|---|---|---|---|---|");
(double firstSeconds, double firstCpu) = Median(measures[ways[0].Way]);
foreach ((string way, var taken) in measures)
{
    (double seconds, double cpu) = Median(taken);
    int images = BatchSize * stepCount;
    Console.WriteLine($"| {way} | {images / seconds:F1} | {firstSeconds / seconds:F2} | {cpu * 1000 / images:F1} | {firstCpu / cpu:F2} |");
}
python.StandardInput.Close();   // it ends with its input
await python.WaitForExitAsync();

async Task<(double, double)> AskAsync(string layout, int steps)
{
    await python.StandardInput.WriteLineAsync($"{layout} {steps}");
    string[] answer = (await python.StandardOutput.ReadLineAsync())!.Split(' ');
    return (double.Parse(answer[0], CultureInfo.InvariantCulture), double.Parse(answer[1], CultureInfo.InvariantCulture));
}

Func<int, Task<(double, double)>> Ours(TrainingOptions options)
{
    var network = new HrNet(HrNetVariant.Parse(variant), 1000);
    network.ToChannelsLast();
    var trainer = new Trainer(network, options, threadCount: threads);
    return async steps =>
    {
        using var self = Process.GetCurrentProcess();
        TimeSpan cpu = self.TotalProcessorTime;
        long start = Stopwatch.GetTimestamp();
        await foreach (TrainingStep _ in trainer.TrainEpochAsync(Batches(steps)))
        {
        }
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        self.Refresh();
        return (seconds, (self.TotalProcessorTime - cpu).TotalSeconds);
    };
}

async IAsyncEnumerable<Batch> Batches(int count)
{
    await Task.CompletedTask;
    for (int i = 0; i < count; i++)
    {
        yield return Batch.Of(pixels.clone(), torch.arange(BatchSize, torch.int64).mul_(7).remainder_(1000));
    }
}

static (double Seconds, double Cpu) Median(List<(double Seconds, double Cpu)> taken) =>
    (taken.Select(one => one.Seconds).Order().ElementAt(taken.Count / 2), taken.Select(one => one.Cpu).Order().ElementAt(taken.Count / 2));
