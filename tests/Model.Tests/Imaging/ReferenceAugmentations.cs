using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

/// <summary>augmentations.py's augmentations.json: what PIL and torchvision made of images, and the comparison with ours.</summary>
public sealed record ReferenceAugmentations(
    ReferenceOperation[] Operations, ReferenceJitter[] Jitters, ReferenceRandAugment[] RandAugments, ReferenceRecipe[] Recipes,
    ReferenceErasing[] Erasings, ReferenceStrengths[] Strengths)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static ReferenceAugmentations Read(string folder)
        => JsonSerializer.Deserialize<ReferenceAugmentations>(File.ReadAllText(Path.Combine(folder, "augmentations.json")), Web)!;

    public IEnumerable<string> OperationDifferences(string folder)
        => from expected in Operations
           where Changed(folder, expected.File, image => Apply(image, expected)) != expected.Sha256
           select $"{expected.File}: other pixels after {expected.Operation} {expected.Strength}";

    public IEnumerable<string> JitterDifferences(string folder)
        => from expected in Jitters
           where Changed(folder, expected.File, image =>
           {
               SplitMix64 random = SplitMix64.For(expected.Name);
               double[] s = expected.Jitter;
               ColorJitter.Apply(image, new() { BrightnessJitter = s[0], ContrastJitter = s[1], SaturationJitter = s[2], HueJitter = s[3] }, ref random);
           }) != expected.Sha256
           select $"{expected.File}: other pixels after a jitter of {string.Join(", ", expected.Jitter)}";

    public IEnumerable<string> RandAugmentDifferences(string folder)
        => from expected in RandAugments
           where Changed(folder, expected.File, image =>
           {
               SplitMix64 random = SplitMix64.For(expected.Name);
               RandAugment.Apply(image, expected.Count, expected.Magnitude, ref random);
           }) != expected.Sha256
           select $"{expected.File}: other pixels after {expected.Count} operations of magnitude {expected.Magnitude}, stream {string.Join(", ", expected.Name)}";

    public IEnumerable<string> RecipeDifferences(string folder)
    {
        var all = new Augmentation
        {
            BrightnessJitter = 0.4,
            ContrastJitter = 0.3,
            SaturationJitter = 0.2,
            HueJitter = 0.1,
            RandAugmentOperations = 2,
            ErasingProbability = 0.6,
        };
        foreach (ReferenceRecipe expected in Recipes)
        {
            using RgbImage image = ImageDecoder.Decode(File.ReadAllBytes(Path.Combine(folder, expected.File)));
            var chw = new float[Preprocessing.FloatCount(expected.Size)];
            SplitMix64 random = SplitMix64.For(expected.Name);
            Preprocessing.Augment(image, expected.Size, ref random, chw, all);
            if (Hex(MemoryMarshal.AsBytes(chw.AsSpan())) != expected.Sha256)
                yield return $"{expected.File}: other input after the whole recipe at {expected.Size}, stream {string.Join(", ", expected.Name)}";
        }
    }

    private static void Apply(RgbImage image, ReferenceOperation expected)
    {
        if (expected.Operation == "Hue")
            HueRotation.Apply(image, expected.Strength);
        else
            RandAugment.Apply(image, Enum.Parse<RandAugmentOperation>(expected.Operation), expected.Strength);
    }

    private static string Changed(string folder, string file, Action<RgbImage> change)
    {
        using RgbImage image = ImageDecoder.Decode(File.ReadAllBytes(Path.Combine(folder, file)));
        change(image);
        var rgb = new byte[3 * image.Width * image.Height];
        image.CopyRgbTo(rgb);
        return Hex(rgb);
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes)).ToLower(CultureInfo.InvariantCulture);
}

public sealed record ReferenceOperation(string File, string Operation, double Strength, string Sha256);

public sealed record ReferenceJitter(string File, long[] Name, double[] Jitter, string Sha256);

public sealed record ReferenceRandAugment(string File, long[] Name, int Count, int Magnitude, string Sha256);

public sealed record ReferenceRecipe(string File, long[] Name, int Size, string Sha256);

public sealed record ReferenceErasing(long[] Name, int Width, int Height, int[]? Box);

public sealed record ReferenceStrengths(string Operation, int Width, int Height, double[] Strengths);
