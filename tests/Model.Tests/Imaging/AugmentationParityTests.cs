using System.Diagnostics;
using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Tests.Imaging;

public class AugmentationParityTests
{
    private static readonly string Golden = Path.Combine(AppContext.BaseDirectory, "Imaging", "Golden");

    [Fact]
    public void Operations_GiveThePixelsOfPilAndTorchvision() => AssertSame(ReferenceAugmentations.Read(Golden).OperationDifferences(Golden));

    [Fact]
    public void ColorJitter_GivesThePixelsOfTorchvision_FromTheSameRandomNumbers() => AssertSame(ReferenceAugmentations.Read(Golden).JitterDifferences(Golden));

    [Fact]
    public void RandAugment_GivesThePixelsOfTorchvision_FromTheSameRandomNumbers() => AssertSame(ReferenceAugmentations.Read(Golden).RandAugmentDifferences(Golden));

    [Fact]
    public void Augment_GivesTheFloatsOfTorchvision_FromTheSameRandomNumbers_WithAllThatThereIs()
        => AssertSame(ReferenceAugmentations.Read(Golden).RecipeDifferences(Golden));

    [Fact]
    public void RandomErasing_DrawsTorchvisionsBoxes_FromTheSameRandomNumbers()
    {
        foreach (ReferenceErasing expected in ReferenceAugmentations.Read(Golden).Erasings)
        {
            SplitMix64 random = SplitMix64.For(expected.Name);
            PixelBox? box = RandomErasing.Draw(expected.Width, expected.Height, ref random);
            Assert.Equal(expected.Box is [var left, var top, var width, var height] ? new PixelBox(left, top, width, height) : null, box);
        }
    }

    [Fact]
    public void RandAugment_MeansByAMagnitudeWhatTorchvisionDoes()
    {
        foreach (ReferenceStrengths expected in ReferenceAugmentations.Read(Golden).Strengths)
        {
            var operation = Enum.Parse<RandAugmentOperation>(expected.Operation);
            for (int magnitude = 0; magnitude <= RandAugment.StrongestMagnitude; magnitude++)
            {
                double strength = RandAugment.Strength(operation, magnitude, expected.Width, expected.Height);
                Assert.Equal(expected.Strengths[magnitude], strength, tolerance: 1e-6 * Math.Abs(strength));
            }
        }
    }

    [Fact]
    public async Task Pixels_EqualThoseOfPilAndTorchvision_OfImagesDrawnNow()
    {
        const string python = "/usr/bin/python3";
        Assert.SkipUnless(
            File.Exists(python) && await RunAsync(python, "-c", "import PIL, numpy, torchvision") == 0,
            "needs /usr/bin/python3 with python3-pil and python3-torchvision; the golden file covers each operation without them");
        string folder = Directory.CreateTempSubdirectory("hrnet-augmentation-").FullName;
        try
        {
            int seed = Environment.ProcessId;
            Assert.Equal(0, await RunAsync(python, Path.Combine(Golden, "augmentations.py"), "random", folder, $"{seed}", "60"));
            ReferenceAugmentations all = ReferenceAugmentations.Read(folder);
            Assert.Equal(60, all.Recipes.Length);
            string[] differences = [.. all.OperationDifferences(folder), .. all.JitterDifferences(folder), .. all.RecipeDifferences(folder)];
            Assert.True(differences.Length == 0, $"seed {seed}:\n{string.Join('\n', differences)}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void AssertSame(IEnumerable<string> differences) => Assert.Empty(differences);

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, Environment = { ["OMP_NUM_THREADS"] = "1", ["PYTHONDONTWRITEBYTECODE"] = "1" } };
        using Process process = Process.Start(start)!;
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (process.ExitCode != 0)
            TestContext.Current.TestOutputHelper?.WriteLine(errors);
        return process.ExitCode;
    }
}
