using System.Globalization;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>What loading did beyond copying: nothing, for a checkpoint of the very same network.</summary>
/// <param name="Copied">Number of parameters and buffers copied from the checkpoint.</param>
/// <param name="ZeroFilled">Names that SSLD conversions lack and that were set to zero.</param>
/// <param name="Reinitialized">Names of the classifier that kept the network's fresh values, because the class counts differ.</param>
public sealed record LoadReport(int Copied, IReadOnlyList<string> ZeroFilled, IReadOnlyList<string> Reinitialized)
{
    private const int ListedCount = 3;

    /// <summary>How many of the copied tensors were of another element type, by the file's type.</summary>
    public IReadOnlyDictionary<ScalarType, int> Converted { get; init; } = new Dictionary<ScalarType, int>();

    /// <summary>The same in half sentences for people; empty where everything was copied as it was.</summary>
    public IReadOnlyList<string> Remarks
    {
        get
        {
            var remarks = new List<string>();
            string[] biases = [.. ZeroFilled.Where(name => name.EndsWith(".bias", StringComparison.Ordinal))];
            int counterCount = ZeroFilled.Count - biases.Length;
            if (biases.Length > 0)
                remarks.Add($"{Tensors(biases.Length)} that the file lacks {Are(biases.Length)} set to zero ({Listed(biases)}): weights converted from PaddleClas (SSLD) have no such biases");
            if (counterCount > 0)
                remarks.Add($"{Tensors(counterCount)} that the file lacks {Are(counterCount)} set to zero (num_batches_tracked): they only count training steps");
            foreach ((ScalarType type, int count) in Converted)
                remarks.Add($"{Tensors(count)} {Are(count)} converted from {type} to Float32");
            if (Reinitialized.Count > 0)
                remarks.Add($"{Listed(Reinitialized)} stay as freshly initialised: the file's classifier has another number of classes");
            return remarks;
        }
    }

    private static string Tensors(int count) => string.Create(CultureInfo.InvariantCulture, $"{count} tensor{(count == 1 ? "" : "s")}");

    private static string Are(int count) => count == 1 ? "is" : "are";

    private static string Listed(IReadOnlyList<string> names) => string.Join(", ", names.Take(ListedCount)) + (names.Count > ListedCount ? ", …" : "");
}
