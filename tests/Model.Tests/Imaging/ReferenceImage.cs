using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

/// <summary>One line of reference.py's expected.json: what PIL and torchvision made of a file, and the comparison with ours.</summary>
public sealed record ReferenceImage(
    string File, string? Error, int Width, int Height, string? Sha256, ReferenceEvaluation[]? Evaluate, ReferenceCrop[]? Crops)
{
    private static readonly JsonSerializerOptions Web = new(JsonSerializerDefaults.Web);

    public static IReadOnlyList<ReferenceImage> ReadAll(string folder)
        => JsonSerializer.Deserialize<ReferenceImage[]>(System.IO.File.ReadAllText(Path.Combine(folder, "expected.json")), Web)!;

    /// <summary>Lists every difference, so that one failing run tells all of them.</summary>
    internal IEnumerable<string> Differences(string folder, Func<byte[], RgbImage> decode)
    {
        byte[] encoded = System.IO.File.ReadAllBytes(Path.Combine(folder, File));
        RgbImage image;
        string? reason = null;
        try
        {
            image = decode(encoded);
        }
        catch (ImageException error)
        {
            reason = error.Message;
            image = new RgbImage(1, 1);
        }
        using (image)
        {
            if (Error is not null || reason is not null)
            {
                if (Error is null || reason is null)
                    yield return $"{File}: PIL says {Error ?? "readable"}, we say {reason ?? "readable"}";
                yield break;
            }
            if ((image.Width, image.Height) != (Width, Height))
                yield return $"{File}: {image.Width}×{image.Height} instead of {Width}×{Height}";
            else if (RgbHash(image) != Sha256)
                yield return $"{File}: other pixels than PIL's";
            foreach (ReferenceEvaluation expected in Evaluate!)
                if (Hash(expected.Size, chw => Preprocessing.Evaluate(image, expected.Size, chw, expected.Ratio)) != expected.Sha256)
                    yield return $"{File}: other evaluation input at {expected.Size}, ratio {expected.Ratio}";
            foreach (ReferenceCrop expected in Crops!)
            {
                var box = new PixelBox(expected.Box[0], expected.Box[1], expected.Box[2], expected.Box[3]);
                if (Hash(expected.Size, chw => Preprocessing.Crop(image, box, expected.Size, mirrored: false, chw)) != expected.Sha256)
                    yield return $"{File}: other crop {box} to {expected.Size}";
            }
        }
    }

    private static string RgbHash(RgbImage image)
    {
        var rgb = new byte[3 * image.Width * image.Height];
        image.CopyRgbTo(rgb);
        return Hex(rgb);
    }

    private static string Hash(int size, Action<float[]> preprocess)
    {
        var chw = new float[Preprocessing.FloatCount(size)];
        preprocess(chw);
        return Hex(MemoryMarshal.AsBytes(chw.AsSpan()));
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexString(SHA256.HashData(bytes)).ToLower(CultureInfo.InvariantCulture);
}

public sealed record ReferenceEvaluation(int Size, double Ratio, string Sha256);

public sealed record ReferenceCrop(int[] Box, int Size, string Sha256);
