// One round of decode + resize + crop + normalise on one thread; prints images per CPU-second and a hash of all results. Linux.
// Usage: HrNetBatch.Benchmarks.Input FOLDER-OF-JPEGS ROUNDS [stages] [augmentations]
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using HrNetBatch.Benchmarks.Input;
using HrNetBatch.Model.Imaging;

const int size = 224;
byte[][] files = [.. Directory.GetFiles(args[0], "*.jpg").Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
int rounds = int.Parse(args[1], CultureInfo.InvariantCulture);
var chw = new float[Preprocessing.FloatCount(size)];

using (var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256))
{
    foreach (byte[] file in files)
    {
        Whole(file);
        hash.AppendData(MemoryMarshal.AsBytes(chw.AsSpan()));
    }
    Console.WriteLine($"sha256 {Convert.ToHexStringLower(hash.GetHashAndReset())}");
}
// Two seconds of warm-up bring the loops to the JIT's last tier.
for (long start = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(2);)
    foreach (byte[] file in files)
        Whole(file);

Measure("decode+resize+normalise", Whole);
if (args.Contains("stages"))
{
    Measure("decode", file => ImageDecoder.Decode(file).Dispose());
    var images = files.ToDictionary(file => file, file => ImageDecoder.Decode(file));
    Measure("resize+normalise", file => Preprocessing.Evaluate(images[file], size, chw));
    SplitMix64 random = SplitMix64.For(1);
    Measure("augment", file => Preprocessing.Augment(images[file], size, ref random, chw));
    Measure("whole, augmented", file =>
    {
        using RgbImage image = ImageDecoder.Decode(file);
        Preprocessing.Augment(image, size, ref random, chw);
    });
}

if (args.Contains("augmentations"))
{
    var images = files.ToDictionary(file => file, file => ImageDecoder.Decode(file));
    var jitter = new Augmentation { BrightnessJitter = 0.4, ContrastJitter = 0.4, SaturationJitter = 0.4, HueJitter = 0.1 };
    Average("crop+flip", new Augmentation());
    Average("crop+flip+jitter", jitter);
    Average("crop+flip+RandAugment", new Augmentation { RandAugmentOperations = 2 });
    Average("crop+flip+erasing", new Augmentation { ErasingProbability = 0.25 });

    // What is drawn differs from round to round, and so does the work: the mean counts, not the least.
    void Average(string name, Augmentation augmentation)
    {
        SplitMix64 random = SplitMix64.For(1);
        Repeat(rounds);
        TimeSpan start = ThreadClock.Now;
        Repeat(rounds);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {rounds * files.Length / (ThreadClock.Now - start).TotalSeconds:F1}"));

        void Repeat(int count)
        {
            for (int round = 0; round < count; round++)
                foreach (byte[] file in files)
                    Preprocessing.Augment(images[file], size, ref random, chw, augmentation);
        }
    }
}

void Whole(byte[] file)
{
    using RgbImage image = ImageDecoder.Decode(file);
    Preprocessing.Evaluate(image, size, chw);
}

// Other processes steal time and cache; the least CPU time of several rounds of each image is what it takes without them.
void Measure(string name, Action<byte[]> work)
{
    var best = new TimeSpan[files.Length];
    Array.Fill(best, TimeSpan.MaxValue);
    for (int round = 0; round < rounds; round++)
        for (int index = 0; index < files.Length; index++)
        {
            TimeSpan start = ThreadClock.Now;
            work(files[index]);
            TimeSpan spent = ThreadClock.Now - start;
            best[index] = spent < best[index] ? spent : best[index];
        }
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name} {files.Length / best.Sum(spent => spent.TotalSeconds):F1}"));
}
