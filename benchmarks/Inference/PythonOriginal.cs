using System.Diagnostics;
using System.Globalization;

namespace HrNetBatch.Benchmarks.Inference;

/// <summary>The original Python code in a process of its own (original.py), which measures when it is asked to.</summary>
internal sealed class PythonOriginal : IDisposable
{
    private readonly Process _process;

    private PythonOriginal(Process process, string version) => (_process, Version) = (process, version);

    private string Version { get; }

    internal IEnumerable<(string, Func<int, Measure>)> All =>
    [
        ($"original, torch {Version}", batches => Ask("nchw", batches)),
        ($"original, torch {Version}, channels-last", batches => Ask("nhwc", batches)),
    ];

    internal static PythonOriginal Start(string checkout, string variant, int threads)
    {
        string script = Path.Combine(AppContext.BaseDirectory, "original.py");
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("PYTHON") ?? "python3", [script, checkout, variant, $"{threads}", $"{Ways.BatchSize}", $"{Ways.ImageSize}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start) ?? throw new InvalidOperationException("python3 did not start.");
        return new PythonOriginal(process, process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("original.py ended; see its message above."));
    }

    public void Dispose()
    {
        _process.StandardInput.Close(); // it ends with its input
        _process.WaitForExit();
        _process.Dispose();
    }

    private Measure Ask(string layout, int batchCount)
    {
        _process.StandardInput.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{layout} {batchCount}"));
        double[] answer = [.. _process.StandardOutput.ReadLine()!.Split(' ').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        return Measure.Of(batchCount * Ways.BatchSize, answer[0], answer[1]);
    }
}
