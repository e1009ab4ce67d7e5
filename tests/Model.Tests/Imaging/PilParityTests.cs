using System.Diagnostics;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

public class PilParityTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    public static TheoryData<string> GoldenFiles => [.. ReferenceImage.ReadAll(Golden).Select(image => image.File)];

    [Theory]
    [MemberData(nameof(GoldenFiles))]
    public void Pixels_EqualThoseOfPilAndTorchvision(string file)
        => Assert.Empty(Find(file).Differences(Golden, encoded => ImageDecoder.Decode(encoded)));

    [Fact]
    public void Jpegs_AreDecodedToTheSamePixels_WithoutTurboJpeg()
        => Assert.Empty(ReferenceImage.ReadAll(Golden)
            .Where(image => image.File.EndsWith(".jpg", StringComparison.Ordinal) && IsJpeg(image.File))
            .SelectMany(image => image.Differences(Golden, encoded => ImageDecoder.DecodeJpeg(encoded, DecodingLimits.Default, turbo: false))));

    [Fact]
    public async Task Pixels_EqualThoseOfPilAndTorchvision_AtSizesDrawnNow()
    {
        const string python = "/usr/bin/python3";
        Assert.SkipUnless(
            File.Exists(python) && await RunAsync(python, "-c", "import PIL, numpy, torchvision") == 0,
            "needs /usr/bin/python3 with python3-pil and python3-torchvision; the golden files cover the odd images without them");
        string folder = Directory.CreateTempSubdirectory("hrnet-imaging-").FullName;
        try
        {
            int seed = Environment.ProcessId;
            Assert.Equal(0, await RunAsync(python, Path.Combine(Golden, "reference.py"), "random", folder, $"{seed}", "200"));
            var images = ReferenceImage.ReadAll(folder);
            Assert.Equal(200, images.Count);
            string[] differences = [.. images.SelectMany(image => image.Differences(folder, encoded => ImageDecoder.Decode(encoded)))];
            Assert.True(differences.Length == 0, $"seed {seed}:\n{string.Join('\n', differences)}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static ReferenceImage Find(string file) => ReferenceImage.ReadAll(Golden).Single(image => image.File == file);

    private static bool IsJpeg(string file) => File.ReadAllBytes(Path.Combine(Golden, file)).AsSpan().StartsWith<byte>([0xFF, 0xD8, 0xFF]);

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, Environment = { ["OMP_NUM_THREADS"] = "1" } })!;
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode != 0)
            TestContext.Current.TestOutputHelper?.WriteLine(errors);
        return process.ExitCode;
    }
}
