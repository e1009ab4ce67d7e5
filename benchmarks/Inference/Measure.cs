namespace HrNetBatch.Benchmarks.Inference;

/// <summary>What a number of images took.</summary>
internal readonly record struct Measure(double ImagesPerSecond, double CpuMilliseconds)
{
    internal static Measure Of(int imageCount, double seconds, double cpuSeconds) => new(imageCount / seconds, cpuSeconds * 1000 / imageCount);

    internal static Measure Median(IReadOnlyCollection<Measure> measures) => new(
        measures.Select(measure => measure.ImagesPerSecond).Order().ElementAt(measures.Count / 2),
        measures.Select(measure => measure.CpuMilliseconds).Order().ElementAt(measures.Count / 2));
}
