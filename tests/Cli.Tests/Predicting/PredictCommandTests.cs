using System.Text.Json;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Predicting;

public sealed class PredictCommandTests : IDisposable
{
    // 2 × 2 pixels: red, green, blue, white.
    private static readonly byte[] Png = Convert.FromBase64String(
        "iVBORw0KGgoAAAANSUhEUgAAAAIAAAACCAIAAAD91JpzAAAAEklEQVR4nGP4z8DAAMIM/4EAAB/uBfsL2WiLAAAAAElFTkSuQmCC");

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public async Task Predict_AnswersOneLineAFile_AndFailsOnlyTheBadOne()
    {
        string weights = Weights();
        string good = Write("good.png", Png), bad = Write("bad.png", Png[..40]), gone = _folder.File("gone.png");

        CommandResult result = await HrnetProcess.RunAsync(["predict", good, bad, gone, good, "--weights", weights, "--top", "2", "--image-size", "64", "--json"]);

        Assert.True(result.ExitCode == 1, result.Error);
        JsonElement[] lines = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.True(lines.Length == 4, result.Error);
        Assert.Equal([good, bad, gone, good], lines.Select(line => line.GetProperty("file").GetString()!));
        Assert.Equal([false, true, true, false], lines.Select(line => line.TryGetProperty("error", out _)));
        JsonElement[] best = [.. lines[0].GetProperty("predictions").EnumerateArray()];
        Assert.Equal(2, best.Length);
        Assert.Equal(JsonValueKind.Null, best[0].GetProperty("label").ValueKind);
        Assert.True(best[0].GetProperty("probability").GetDouble() >= best[1].GetProperty("probability").GetDouble());
    }

    [Fact]
    public async Task Predict_KeepsTheDecodersWarnings_FromStandingBetweenItsLines()
    {
        // A tEXt chunk without a text, behind the header: libpng warns, and reads on.
        string odd = Write("odd.png", [.. Png[..33], 0, 0, 0, 0, .. "tEXt"u8, 0x96, 0x42, 0xC5, 0x85, .. Png[33..]]);

        CommandResult result = await HrnetProcess.RunAsync(["predict", odd, "--weights", Weights(), "--image-size", "64", "--json"]);

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Equal("", result.Error.Trim());
    }

    [Fact]
    public async Task Predict_ReadsWhateverAFileIsCalled_AndNamesWhatItDoesNotRead()
    {
        byte[] bmp = [.. "BM"u8, 62, 0, 0, 0, 0, 0, 0, 0, 54, 0, 0, 0, 40, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 24, 0, .. new byte[24], 1, 2, 3, 0];
        string good = Write("photo.jpg", bmp), heic = Write("IMG_0001.jpg", [0, 0, 0, 24, .. "ftypheic"u8, .. new byte[12]]);

        CommandResult result = await HrnetProcess.RunAsync(["predict", good, heic, "/dev/zero", "--weights", Weights(), "--image-size", "64"]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("/dev/zero: the file is empty", result.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("photo.jpg", result.Output, StringComparison.Ordinal);
        Assert.Contains("IMG_0001.jpg: a HEIC image, as phones save them, which is not read: convert it to JPEG or PNG", result.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_SaysWhatTheWeightsAre_WhenTheVariantIsAnother()
    {
        CommandResult result = await HrnetProcess.RunAsync(["predict", "x.png", "--weights", Weights(), "--variant", "w32"]);

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("w18_small_v1", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_SaysWhatItGot_WhenTheWeightsAreNoCheckpoint()
    {
        CommandResult result = await HrnetProcess.RunAsync(["predict", "x.png", "--weights", Write("weights.pth", "<html>"u8.ToArray())]);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("web page", result.Error, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private string Write(string name, byte[] content)
    {
        File.WriteAllBytes(_folder.File(name), content);
        return _folder.File(name);
    }

    private string Weights()
    {
        string file = _folder.File("weights.pth");
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        using FileStream stream = File.Create(file);
        CheckpointWriter.Write(stream, network.state_dict());
        return file;
    }
}
