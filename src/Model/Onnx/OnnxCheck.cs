using System.Globalization;
using System.Runtime.InteropServices;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Onnx;

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
    /// <returns>The largest |Δ| of a logit.</returns>
    /// <exception cref="CheckpointException">ONNX Runtime cannot run the file, or its logits are others.</exception>
    public static double Compare(string file, HrNet network, int imageSize, int threadCount)
    {
        ArgumentNullException.ThrowIfNull(network);
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var random = new Generator(Seed);
        try
        {
            using SessionOptions options = Options(threadCount);
            using var session = new InferenceSession(file, options);
            double largest = 0, difference = 0;
            foreach (int batchSize in BatchSizes)
            {
                Tensor images = randn(batchSize, 3, imageSize, imageSize, generator: random);
                float[] expected = Values(network.call(images)), actual = Run(session, images);
                if (expected.Length != actual.Length)
                    throw new CheckpointException($"ONNX Runtime answers with {actual.Length} logits to {batchSize} images, the network with {expected.Length}.");
                largest = Math.Max(largest, expected.Max(Math.Abs));
                difference = Math.Max(difference, expected.Zip(actual, (a, b) => Math.Abs((double)a - b)).Max(delta => double.IsNaN(delta) ? double.PositiveInfinity : delta));
            }
            double tolerance = Tolerance(largest);
            return difference <= tolerance ? difference : throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                $"ONNX Runtime's logits differ from the network's by up to {difference:g3}, more than the {tolerance:g3} that rounding explains. ")
                + "Nothing was exported. If the weights are sound, this is a fault of the export: please report it with the checkpoint.");
        }
        catch (OnnxRuntimeException error)
        {
            throw new CheckpointException($"ONNX Runtime cannot run the file that was written: {error.Message}", error);
        }
    }

    /// <summary>The largest difference that rounding explains: 1e-3, less where the logits are so small that it would hide a fault, more beyond ±100.</summary>
    internal static double Tolerance(double largestLogit) => Math.Max(1e-5 * Math.Max(1, largestLogit), Math.Min(1e-3, 1e-4 * largestLogit));

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
