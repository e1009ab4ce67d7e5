// Images per second of inference, ours against the original Python code, taken in turns so that a busy machine hurts all alike.
//   dotnet run -c Release --project benchmarks/Inference -- CHECKOUT [ROUNDS]
// CHECKOUT is a clone of HRNet/HRNet-Image-Classification; without one only our own ways are measured.

using System.Globalization;
using HrNetBatch.Benchmarks.Inference;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Native;
using TorchSharp;

MallocTuning.KeepFreedMemory();
LibTorch.Load();
torch.set_num_threads(Ways.ThreadCount);
CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;

string? checkout = args.FirstOrDefault();
int rounds = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 7;

foreach (string name in (string[])["w18_small_v1", "w18"])
{
    HrNetVariant variant = HrNetVariant.Parse(name);
    int batchCount = name == "w18" ? 2 : 6;
    using PythonOriginal? original = checkout is null ? null : PythonOriginal.Start(checkout, name);
    using var ours = new Ways(variant);
    (string Way, Func<int, Measure> Run)[] ways = [.. original?.All ?? [], .. ours.All];

    foreach ((_, Func<int, Measure> run) in ways)
        run(1);
    var measures = ways.ToDictionary(way => way.Way, _ => new List<Measure>());
    for (int round = 0; round < rounds; round++)
    {
        foreach ((string way, Func<int, Measure> run) in ways)
            measures[way].Add(run(batchCount));
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
