using System.Diagnostics;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>PyTorch itself reads what we write, where this machine has it.</summary>
public sealed class PythonRoundTripTests
{
    private const string Python = "/usr/bin/python3";

    private const string NotInstalled = $"{Python} with torch is not installed (Debian: python3-torch)";

    private const string Script = """
        import importlib.util, pickle, sys
        if importlib.util.find_spec("torch") is None:
            sys.exit(77)
        import torch
        a, b = (torch.load(path, map_location="cpu") for path in sys.argv[1:3])
        def same(x, y, at):
            assert type(x) is type(y), (at, type(x), type(y))
            if torch.is_tensor(x):
                assert x.dtype == y.dtype and x.shape == y.shape and torch.equal(x, y), at
            elif isinstance(x, dict):
                assert list(x) == list(y), (at, list(x), list(y))
                for key in x:
                    same(x[key], y[key], f"{at}/{key}")
            elif isinstance(x, (list, tuple)):
                assert len(x) == len(y), at
                for i, (p, q) in enumerate(zip(x, y)):
                    same(p, q, f"{at}/{i}")
            else:
                assert x == y, (at, x, y)
        same(a, b, "")
        try:
            torch.load(sys.argv[2], map_location="cpu", weights_only=True)
        except pickle.UnpicklingError as error:
            # torch 1.13 refuses any float (opcode 71) so, in its own files too; later versions read them.
            if not (torch.__version__.startswith("1.13") and "operand 71" in str(error)):
                raise
        print("same")
        """;

    // Debian has no python3-safetensors: the format's documentation in a few lines, independent of our reader.
    private const string SafetensorsScript = """
        import importlib.util, json, struct, sys
        if importlib.util.find_spec("torch") is None:
            sys.exit(77)
        import torch
        kinds = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "I32": torch.int32,
                 "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}
        original = torch.load(sys.argv[1], map_location="cpu")
        original = original.get("state_dict", original)
        data = bytearray(open(sys.argv[2], "rb").read())
        length, = struct.unpack_from("<Q", data)
        header = json.loads(data[8:8 + length].decode())
        assert header.pop("__metadata__")["format"] == "pt"
        assert set(header) == {name.removeprefix("module.") for name in original}
        end = 0
        for name, entry in header.items():
            begin, stop = entry["data_offsets"]
            assert begin == end, name
            end = stop
            value = next(original[n] for n in (name, "module." + name) if n in original)
            read = torch.frombuffer(data[8 + length + begin:8 + length + stop], dtype=kinds[entry["dtype"]]) if stop > begin else torch.empty(0, dtype=kinds[entry["dtype"]])
            assert read.dtype == value.dtype and torch.equal(read.reshape(entry["shape"]), value), name
        assert 8 + length + end == len(data)
        print("same")
        """;

    [Theory]
    [InlineData("training.zip.pth")]
    [InlineData("dtypes.zip.pth")]
    [InlineData("shared.legacy.pth")]
    [InlineData("half.zip.pth")]
    public async Task Python_ReadsTheSafetensorsThatWeWrite(string golden)
    {
        await AssertSameAsync(SafetensorsScript, golden, checkpoint => SafetensorsTests.Write(checkpoint.StateDict));
    }

    [Theory]
    [InlineData("training.zip.pth")]
    [InlineData("training.legacy.pth")]
    [InlineData("dtypes.zip.pth")]
    [InlineData("shared.legacy.pth")]
    [InlineData("ema.zip.pth")]
    [InlineData("averaged.zip.pth")]
    [InlineData("bfloat16.zip.pth")]
    public async Task TorchLoad_ReadsWhatWeWrite(string golden)
    {
        await AssertSameAsync(Script, golden, checkpoint => CheckpointWriterTests.Write(checkpoint.Value));
    }

    private static async Task AssertSameAsync(string script, string golden, Func<Checkpoint, byte[]> write)
    {
        Assert.SkipUnless(File.Exists(Python), NotInstalled);
        string original = Path.Combine(AppContext.BaseDirectory, "Checkpoints", "Goldens", golden);
        string written = Path.Combine(Path.GetTempPath(), $"hrnet-{Guid.NewGuid():n}.pth");
        try
        {
            using (Checkpoint checkpoint = GoldenFiles.Read(golden))
                await File.WriteAllBytesAsync(written, write(checkpoint), TestContext.Current.CancellationToken);

            (int exitCode, string output) = await RunAsync("-c", script, original, written);
            Assert.SkipWhen(exitCode == 77, NotInstalled);
            Assert.True(exitCode == 0, output);
            Assert.Contains("same", output, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(written);
        }
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(Python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, output + await errors);
    }
}
