using System.Runtime.CompilerServices;
using HrNetBatch.Cli.Commands;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Files;
using HrNetBatch.Model.Imaging;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Cli.Predicting;

/// <summary>Classifies files, a batch at a time, in the order in which they were named.</summary>
internal sealed class Predictor : IDisposable
{
    private const int LargestBatch = 8;
    private const int LargestFileBytes = 1 << 30;
    private readonly Classifier _classifier;
    private readonly int _batchSize;

    private readonly string _weights;

    private Predictor(Classifier classifier, string weights, int batchSize) => (_classifier, _weights, _batchSize) = (classifier, weights, batchSize);

    /// <summary>Loads weights.</summary>
    /// <param name="weights">The checkpoint's file.</param>
    /// <param name="variantName">The variant that it must be of; null: whichever it is of.</param>
    /// <param name="imageSize">Side of the input; null: the checkpoint's, else 224.</param>
    /// <param name="fileCount">How many files there are to classify.</param>
    /// <exception cref="UserException">There is no such file, or it holds other weights.</exception>
    public static Predictor Load(string weights, string? variantName, int? imageSize, int fileCount)
    {
        HrNetVariant? wanted = variantName is null ? null : Refused(() => HrNetVariant.Parse(variantName), "--variant");
        if (ExportCommand.IsStored(weights))
            throw new UserException($"--weights takes a file of this machine; `hrnet export {weights} FILE.pth` writes one of {weights}.", UserException.WrongRequest);
        using FileStream stream = LocalFile.Open(weights, "The checkpoint");
        using Checkpoint checkpoint = CheckpointReader.Read(stream, weights);
        HrNetShape shape = Refused(() => HrNetShape.Recognize(checkpoint.StateDict), weights);
        if (wanted is not null && wanted != shape.Variant)
            throw new UserException($"{weights} holds weights of {(shape.Variant is { } found ? found.Name : $"a custom network ({shape.Architecture})")}, not of {wanted.Name}; leave --variant out, or give other weights.", UserException.WrongRequest);
        int batchSize = Math.Clamp(fileCount, 1, LargestBatch);
        var options = new ClassifierOptions { BatchSize = batchSize, ImageSize = imageSize ?? 0, ReplicaCount = 1, ThreadsPerReplica = Environment.ProcessorCount };
        Classifier classifier = Refused(() => Classifier.Load(checkpoint, options), weights);
        foreach (string remark in checkpoint.Remarks.Concat(classifier.LoadReport.Remarks))
            Screen.Say($"{weights}: {remark}.");
        return new Predictor(classifier, weights, batchSize);
    }

    /// <summary>Yields one result for each file; a file that cannot be read is one with an error.</summary>
    public async IAsyncEnumerable<FilePrediction> PredictAsync(string[] files, int topCount, [EnumeratorCancellation] CancellationToken cancellation)
    {
        foreach (string[] chunk in files.Chunk(_batchSize))
        {
            var errors = new string?[chunk.Length];
            var images = new float[chunk.Length][];
            await Parallel.ForAsync(0, chunk.Length, cancellation, (i, _) =>
            {
                (images[i], errors[i]) = Read(chunk[i]);
                return ValueTask.CompletedTask;
            });

            float[][] readable = [.. images.Where((_, i) => errors[i] is null)];
            var predictions = new Queue<Prediction[]>(readable.Length == 0 ? []
                : await ClassifyAsync(readable, topCount, cancellation));
            for (int i = 0; i < chunk.Length; i++)
                yield return new FilePrediction(chunk[i], errors[i] is null ? predictions.Dequeue() : null, errors[i]);
        }
    }

    private async Task<IReadOnlyList<Prediction[]>> ClassifyAsync(float[][] images, int topCount, CancellationToken cancellation)
    {
        try
        {
            return await _classifier.ClassifyAsync(images.SelectMany(image => image).ToArray(), images.Length, Math.Min(topCount, _classifier.ClassCount), cancellation);
        }
        catch (InvalidDataException error)
        {
            throw new UserException($"{_weights}: {error.Message} Look at the weights with `hrnet inspect`.");
        }
    }

    public void Dispose() => _classifier.Dispose();

    private (float[] Image, string? Error) Read(string file)
    {
        if (LocalFile.Fault(file) is { } fault)
            return ([], Directory.Exists(file) ? $"it {fault}: name the images in it, such as {Path.TrimEndingDirectorySeparator(file)}/*" : $"it {fault}");
        try
        {
            var image = new float[Preprocessing.FloatCount(_classifier.ImageSize)];
            ImageDecoder.Evaluate(ReadFile(file), _classifier.ImageSize, image, _classifier.CropFraction);
            return (image, null);
        }
        catch (ImageException exception)
        {
            return ([], exception.Message);
        }
        catch (Exception exception) when (FileFault.Is(exception))
        {
            return ([], $"it {FileFault.Of(exception, file)}");
        }
    }

    // A device has no length and no end: of such a file nothing is read, and of a pipe no more than an image can have.
    private static byte[] ReadFile(string file)
    {
        using FileStream stream = File.OpenRead(file);
        if (stream.CanSeek && stream.Length > LargestFileBytes)
            throw new ImageException($"the file is larger than any image that is read ({LargestFileBytes >> 20} MiB)");
        using var content = new MemoryStream(stream.CanSeek ? (int)stream.Length : 0);
        byte[] buffer = new byte[64 * 1024];
        long limit = stream.CanSeek ? stream.Length : LargestFileBytes;
        while (content.Length < limit && stream.Read(buffer, 0, (int)Math.Min(buffer.Length, limit - content.Length)) is > 0 and var count)
            content.Write(buffer, 0, count);
        return content.Capacity == content.Length ? content.GetBuffer() : content.ToArray();
    }

    private static T Refused<T>(Func<T> read, string what)
    {
        try
        {
            return read();
        }
        catch (Exception exception) when (exception is ArgumentException or FormatException)
        {
            // .NET appends "(Parameter 'x')", which means nothing on a command line.
            string message = exception.Message.Split(" (Parameter '", 2)[0];
            throw new UserException($"{what}: {message}", UserException.WrongRequest);
        }
    }
}
