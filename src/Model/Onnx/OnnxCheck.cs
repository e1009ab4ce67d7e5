using System.Globalization;
using System.Runtime.InteropServices;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

/// <summary>How far the logits of an ONNX file are from those of its network.</summary>
/// <param name="Largest">The largest |Δ| of a logit.</param>
/// <param name="Range">The logits' largest value minus their smallest: what a difference has to be compared with.</param>
public readonly record struct OnnxDifference(double Largest, double Range)
{
    /// <summary>The largest |Δ| as a share of the range.</summary>
    public double Share => Largest == 0 ? 0 : Largest / Range;
}

/// <summary>Runs an ONNX file in ONNX Runtime, on the CPU, beside the network that it was written from.</summary>
public static class OnnxCheck
{
    private const long Seed = 20190820; // any number: the same images each time
    private static readonly int[] BatchSizes = [1, 2]; // two of them, because the batch is free

    /// <summary>Compares the answers to images of noise in batches of two sizes.</summary>
    /// <param name="file">The ONNX file.</param>
    /// <param name="network">On the CPU and in evaluation; stays as it is.</param>
    /// <param name="imageSize">Height and width of the images that the file takes.</param>
    /// <param name="threadCount">Threads for ONNX Runtime.</param>
    /// <returns>How far apart they are; no further than rounding explains.</returns>
    /// <exception cref="CheckpointException">ONNX Runtime cannot run the file, or its logits are others.</exception>
    public static OnnxDifference Compare(string file, HrNet network, int imageSize, int threadCount)
    {
        ArgumentNullException.ThrowIfNull(network);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var random = new Generator(Seed);
        try
        {
            using SessionOptions options = Options(threadCount);
            using var session = new InferenceSession(file, options);
            double highest = double.NegativeInfinity, lowest = double.PositiveInfinity, difference = 0;
            foreach (int batchSize in BatchSizes)
            {
                Tensor images = randn(batchSize, 3, imageSize, imageSize, generator: random);
                float[] expected = Values(network.call(images)), actual = Run(session, images);
                if (expected.Length != actual.Length)
                    throw new CheckpointException($"ONNX Runtime answers with {actual.Length} logits to {batchSize} images, the network with {expected.Length}.");
                (highest, lowest) = (Math.Max(highest, expected.Max()), Math.Min(lowest, expected.Min()));
                difference = Math.Max(difference, expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max(delta => double.IsNaN(delta) ? double.PositiveInfinity : delta));
            }
            double tolerance = Tolerance(lowest, highest);
            return difference <= tolerance ? new(difference, highest - lowest) : throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                $"ONNX Runtime's logits differ from the network's by up to {difference:g3}, more than the {tolerance:g3} that rounding explains ")
                + string.Create(CultureInfo.InvariantCulture, $"in logits from {lowest:g3} to {highest:g3}. ")
                + "Nothing was exported. If the weights are sound, this is a fault of the export: please report it with the checkpoint.");
        }
        catch (OnnxRuntimeException error)
        {
            throw new CheckpointException($"ONNX Runtime cannot run the file that was written: {error.Message}", error);
        }
    }

    /// <summary>
    /// The largest difference that rounding explains: a hundred-thousandth of the logits' range, and a few units in the last place of the
    /// largest. Sound files were within 5e-7 of the range; a batch norm's epsilon of 2e-5 instead of 1e-5 already gives 2e-5.
    /// </summary>
    internal static double Tolerance(double lowest, double highest) =>
        (1e-5 * (highest - lowest)) + (3e-6 * Math.Max(Math.Abs(lowest), Math.Abs(highest)));

    private static float[] Run(InferenceSession session, Tensor images)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(Values(images), images.shape);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, [OnnxHrNet.Images], [input], [OnnxHrNet.Logits]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }

    private static float[] Values(Tensor tensor) => MemoryMarshal.Cast<byte, float>(tensor.contiguous().bytes).ToArray();

    private static SessionOptions Options(int threadCount)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = threadCount,
            InterOpNumThreads = 1,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0"); // cores are shared with other attempts
        return options;
    }
}
