using System.Runtime.InteropServices;
using HrNetBatch.Model.Imaging;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Data;

/// <summary>A batch whose places are being filled by several threads.</summary>
internal sealed class PendingBatch : IDisposable
{
    private readonly BatchLoaderOptions _options;
    private readonly long _epoch;
    private readonly long _start;
    private readonly Tensor _images_BCHW;
    private readonly Sample?[] _samples;
    private readonly long[] _labels;
    private readonly byte[]?[] _encoded;
    private readonly string?[] _reasons;
    private readonly string?[] _labelFaults;
    private readonly TaskCompletionSource _filled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    // One for each place being filled, and one for the batch not being sealed yet.
    private int _open = 1;
    private bool _isHandedOver;

    /// <summary>Prepares room for the samples from <paramref name="start"/> on of the epoch's order.</summary>
    public PendingBatch(BatchLoaderOptions options, long epoch, long start)
    {
        _options = options;
        _epoch = epoch;
        _start = start;
        _images_BCHW = empty([options.BatchSize, 3, options.ImageSize, options.ImageSize], ScalarType.Float32);
        _samples = new Sample?[options.BatchSize];
        _labels = new long[options.BatchSize];
        _encoded = new byte[]?[options.KeepsEncodedImages ? options.BatchSize : 0];
        _reasons = new string?[options.BatchSize];
        _labelFaults = new string?[options.OnUnlabelled is null ? 0 : options.BatchSize];
    }

    /// <summary>Samples put in so far.</summary>
    public int SampleCount { get; private set; }

    /// <summary>Whether no place is left.</summary>
    public bool IsFull => SampleCount == _samples.Length;

    /// <summary>Whether the epoch begins with it.</summary>
    public bool IsFirst => _start == 0;

    /// <summary>Done when it is sealed and every place is filled; fails with whatever went wrong but a bad sample.</summary>
    public Task Filled => _filled.Task;

    /// <summary>Gives a sample the next place. Only the producer calls this.</summary>
    public int Add(Sample sample)
    {
        Interlocked.Increment(ref _open);
        _samples[SampleCount] = sample;
        return SampleCount++;
    }

    /// <summary>Says that no sample will be added.</summary>
    public void Seal() => Close();

    /// <summary>Ends the batch with an error.</summary>
    public void Fail(Exception error) => _filled.TrySetException(error);

    /// <summary>Decodes and preprocesses the sample at a place; each place is filled by one thread, once.</summary>
    /// <param name="place">The place.</param>
    /// <param name="stop">Gives up waiting for memory.</param>
    public void Fill(int place, CancellationToken stop)
    {
        try
        {
            if (LabeledImage.TryRead(_samples[place]!, _options.RequiresLabels, out LabeledImage labeled, out string reason))
            {
                if (_options.OnUnlabelled is not null && labeled.Label == LabeledImage.NoLabel)
                    _labelFaults[place] = reason;
                _labels[place] = KnownClass(_samples[place]!, labeled.Label);
                if (_options.KeepsEncodedImages)
                    _encoded[place] = labeled.Image;
                if (_options.IsTraining)
                {
                    using RgbImage image = ImageDecoder.Decode(labeled.Image, cancellation: stop);
                    SplitMix64 random = SplitMix64.For(_options.Seed, _epoch, _start + place);
                    Preprocessing.Augment(image, _options.ImageSize, ref random, Place(place), _options.Augmentation);
                }
                else
                {
                    ImageDecoder.Evaluate(labeled.Image, _options.ImageSize, Place(place), _options.CropRatio, stop);
                }
            }
            else
            {
                _reasons[place] = reason;
            }
        }
        catch (ImageException error)
        {
            _reasons[place] = error.Message;
        }
        // The encoded image is of no more use; its names are.
        _samples[place] = _samples[place]! with { Members = new Dictionary<string, byte[]>() };
        Close();
    }

    /// <summary>The skipped samples, in order.</summary>
    public IEnumerable<SkippedSample> Skipped()
        => Places().Where(place => _reasons[place] is not null)
            .Select(place => new SkippedSample(_samples[place]!.Shard, _samples[place]!.Key, _reasons[place]!));

    /// <summary>The samples without a label, in order, apart from those that are skipped.</summary>
    public IEnumerable<SkippedSample> Unlabelled()
        => Places().Where(place => _labelFaults.Length > 0 && _reasons[place] is null && _labelFaults[place] is not null)
            .Select(place => new SkippedSample(_samples[place]!.Shard, _samples[place]!.Key, _labelFaults[place]!));

    /// <summary>Closes the gaps of skipped samples and hands the batch over.</summary>
    /// <returns>Null if no sample was usable; else the caller disposes it.</returns>
    public Batch? Take()
    {
        int[] good = [.. Places().Where(place => _reasons[place] is null)];
        if (good.Length == 0)
            return null;
        for (int place = 0; place < good.Length; place++)
            if (good[place] != place)
                Place(good[place]).CopyTo(Place(place));
        _isHandedOver = true;
        return new Batch(
            _images_BCHW,
            _images_BCHW.narrow(0, 0, good.Length),
            tensor(good.Select(place => _labels[place]).ToArray(), ScalarType.Int64),
            [.. good.Select(place => new SampleName(_samples[place]!.Shard, _samples[place]!.Key))],
            _options.KeepsEncodedImages ? [.. good.Select(place => _encoded[place]!)] : [],
            _start + SampleCount);
    }

    /// <summary>Frees the memory unless the batch was taken.</summary>
    public void Dispose()
    {
        if (!_isHandedOver)
            _images_BCHW.Dispose();
    }

    // Not skipped as an unreadable image is: a label without a class means that the data or the class count is the wrong one.
    private long KnownClass(Sample sample, long label) => label switch
    {
        _ when _options.ClassMap is { } map && label < map.Count => label < 0 ? label : map[(int)label],
        _ when _options.ClassMap is { } map && _options.RequiresLabels => throw new ShardException(
            $"Sample '{sample.Key}' of {sample.Shard} has the label {label}, but the data set names {Counted.Of(map.Count, "class", "classes")}, 0 to {map.Count - 1}. Correct the shard, or name all classes."),
        _ when _options.ClassCount is not { } classCount || label < classCount => label,
        _ when !_options.RequiresLabels => LabeledImage.NoLabel,
        _ => throw new ShardException(
            $"Sample '{sample.Key}' of {sample.Shard} has the label {label}, but there {(_options.ClassCount == 1 ? "is" : "are")} {Counted.Of(_options.ClassCount.Value, "class", "classes")}, 0 to {_options.ClassCount - 1}. "
            + "Correct the shard, or name all classes."),
    };

    private IEnumerable<int> Places() => Enumerable.Range(0, SampleCount);

    private Span<float> Place(int place)
    {
        int floats = Preprocessing.FloatCount(_options.ImageSize);
        return MemoryMarshal.Cast<byte, float>(_images_BCHW.bytes).Slice(place * floats, floats);
    }

    private void Close()
    {
        if (Interlocked.Decrement(ref _open) == 0)
            _filled.TrySetResult();
    }
}
