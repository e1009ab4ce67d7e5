using System.Diagnostics;
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
        Assert.Contains("/dev/zero: it is a device, not a file", result.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
        Assert.Contains("photo.jpg", result.Output, StringComparison.Ordinal);
        Assert.Contains("IMG_0001.jpg: a HEIC image, as phones save them, which is not read: convert it to JPEG or PNG", result.Error.ReplaceLineEndings(" "), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Predict_SaysWhatAPathIs_ThatIsNoImageFile()
    {
        string photos = Directory.CreateDirectory(_folder.File("photos")).FullName, pipe = _folder.File("pipe"), link = _folder.File("link.png");
        string empty = Write("empty.png", []), gone = _folder.File("gone.png"), closed = Write("closed.png", Png), good = Write("good.png", Png);
        File.CreateSymbolicLink(link, gone);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(closed, UnixFileMode.None);
        using (Process mkfifo = Process.Start("mkfifo", [pipe])) await mkfifo.WaitForExitAsync(TestContext.Current.CancellationToken);

        CommandResult result = await HrnetProcess.RunAsync(["predict", photos, empty, gone, link, pipe, closed, good, "--weights", Weights(), "--image-size", "64", "--json"]);

        Assert.True(result.ExitCode == 1, result.Error);
        Dictionary<string, string?> errors = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(line => JsonSerializer.Deserialize<JsonElement>(line))
            .ToDictionary(line => line.GetProperty("file").GetString()!, line => line.TryGetProperty("error", out JsonElement error) ? error.GetString() : null);
        Assert.Equal($"it is a folder: name the images in it, such as {photos}/*", errors[photos]);
        Assert.Equal("it is empty", errors[empty]);
        Assert.Equal("it does not exist", errors[gone]);
        Assert.Equal($"it is a link to {gone}, which does not exist", errors[link]);
        Assert.Equal("it is a pipe: write what comes out of it to a file, and name that", errors[pipe]);
        Assert.Null(errors[good]);
        if (!Environment.IsPrivilegedProcess) Assert.Equal("it may not be read by this user: change its permissions, or copy it", errors[closed]);
    }

    /// <summary>.NET cannot open a name whose bytes are no UTF-8; a link that leads to itself it calls by words of its own.</summary>
    [Fact]
    public async Task Predict_SaysWhatANameOrALinkIs_ThatCannotBeOpened()
    {
        string loop = _folder.File("loop.png"), program = Path.Combine(AppContext.BaseDirectory, "hrnet.dll");
        File.CreateSymbolicLink(loop, loop);
        var start = new ProcessStartInfo("sh", ["-c", "f=\"$1/caf$(printf '\\351').png\"; cp \"$1/weights.pth\" \"$f\" || exit 77; cd \"$1\" && exec dotnet \"$2\" predict \"$f\" loop.png --weights weights.pth --image-size 64 --json", "sh", _folder.Path, program])
        {
            RedirectStandardOutput = true,
        };
        Weights();

        using Process predict = Process.Start(start)!;
        string[] lines = (await predict.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await predict.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.SkipWhen(predict.ExitCode == 77, "this file system has names of UTF-8 alone");
        string[] errors = [.. lines.Select(line => JsonSerializer.Deserialize<JsonElement>(line).GetProperty("error").GetString()!)];
        Assert.StartsWith("it is called by a name that is not UTF-8", errors[0], StringComparison.Ordinal);
        Assert.Equal("it is a link that leads in a circle, or through too many others: name what it is meant to lead to", errors[1]);
    }

    [Theory]
    [InlineData("photos", "The checkpoint photos is a folder: name the file in it.")]
    [InlineData("gone.pth", "The checkpoint gone.pth does not exist.")]
    [InlineData("empty.pth", "The checkpoint empty.pth is empty.")]
    [InlineData("model:flowers@2", "--weights takes a file of this machine; `hrnet export model:flowers@2 FILE.pth` writes one of model:flowers@2.")]
    public async Task Predict_SaysWhatTheWeightsAre_WhenTheyAreNoFile(string weights, string expected)
    {
        Directory.CreateDirectory(_folder.File("photos"));
        Write("empty.pth", []);
        string named = weights.StartsWith("model:", StringComparison.Ordinal) ? weights : _folder.File(weights);

        CommandResult result = await HrnetProcess.RunAsync(["predict", "x.png", "--weights", named]);

        Assert.Equal(2, result.ExitCode);
        Assert.Equal($"Error: {expected.Replace("checkpoint ", $"checkpoint {_folder.Path}/", StringComparison.Ordinal)}", result.Error.Trim());
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
