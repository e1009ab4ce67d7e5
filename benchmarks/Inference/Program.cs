// Images per second of inference, ours against the original Python code, taken in turns so that a busy machine hurts all alike.
//   dotnet run -c Release --project benchmarks/Inference -- CHECKOUT [ROUNDS [THREADS]]
// CHECKOUT is a clone of HRNet/HRNet-Image-Classification, run by python3 or what PYTHON names; without one only our own ways are measured.

using System.Globalization;
using HrNetBatch.Benchmarks.Inference;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;

MallocTuning.KeepFreedMemory();
LibTorch.Load();
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

string? checkout = args is [{ Length: > 0 } folder, ..] ? folder : null;
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;
int threads = args.Length > 2 ? int.Parse(args[2], CultureInfo.InvariantCulture) : 2;
torch.set_num_threads(threads);

foreach (string name in (string[])["w18_small_v1", "w18", "w32", "w48"])
{
    HrNetVariant variant = HrNetVariant.Parse(name);
    int batchCount = name == "w18_small_v1" ? 3 : 1;
    using PythonOriginal? original = checkout is null ? null : PythonOriginal.Start(checkout, name, threads);
    using var ours = new Ways(variant, threads);
    (string Way, Func<int, Measure> Run)[] ways = [.. original?.All ?? [], .. ours.All];

    foreach ((_, Func<int, Measure> run) in ways)
        run(1);
    var measures = ways.ToDictionary(way => way.Way, _ => new List<Measure>());
    for (int round = 0; round < rounds; round++)
    {
        foreach ((string way, Func<int, Measure> run) in ways)
            measures[way].Add(run(batchCount));
        Console.Error.WriteLine($"{name}: round {round + 1} of {rounds}");
    }

    Console.WriteLine($"\n### {name}\n\n| way | images/s | ratio | CPU ms an image | ratio |\n|---|---|---|---|---|");
    Measure first = Measure.Median(measures[ways[0].Way]);
    foreach ((string way, List<Measure> taken) in measures)
    {
        Measure median = Measure.Median(taken);
        Console.WriteLine($"| {way} | {median.ImagesPerSecond:F1} | {median.ImagesPerSecond / first.ImagesPerSecond:F2} "
            + $"| {median.CpuMilliseconds:F1} | {first.CpuMilliseconds / median.CpuMilliseconds:F2} |");
    }
}
