using System.Diagnostics;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Reads a small file that may be anything, and holds the reader to its promises.</summary>
internal static class BoundedReading
{
    private const long SmallFileAllocationBytes = 64 << 20;
    private static readonly TimeSpan SmallFileTime = TimeSpan.FromSeconds(20);

    /// <summary>True: it was a checkpoint. False: it was refused in one sentence that names the file.</summary>
    public static bool Try(byte[] file, string what)
    {
        const string Name = "downloads/weights.pth";
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        long started = Stopwatch.GetTimestamp();
        try
        {
            using Checkpoint checkpoint = GoldenFiles.Read(file, Name);
            // Every tensor can be used: none looks outside its data.
            foreach (TorchSharp.torch.Tensor tensor in checkpoint.StateDict.Values)
                tensor.clone().Dispose();
            return true;
        }
        catch (CheckpointException e)
        {
            Assert.StartsWith($"{Name}: ", e.Message, StringComparison.Ordinal);
            Assert.True(e.Message[^1] is '.' or '…', e.Message);
            Assert.DoesNotContain("Exception", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain(e.Message, char.IsControl);
            Assert.InRange(e.Message.Length, 1, 2500);
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.XunitException)
        {
            Assert.Fail($"{what} ended in {e}");
            return false;
        }
        finally
        {
            Assert.True(GC.GetAllocatedBytesForCurrentThread() - allocated < SmallFileAllocationBytes, $"{what} took {GC.GetAllocatedBytesForCurrentThread() - allocated} bytes");
            Assert.True(Stopwatch.GetElapsedTime(started) < SmallFileTime, $"{what} took {Stopwatch.GetElapsedTime(started)}");
        }
    }
}
