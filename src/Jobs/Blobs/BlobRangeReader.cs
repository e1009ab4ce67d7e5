using System.Globalization;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>Reads ranges of one version of a blob. What arrived before a connection broke or stalled is kept: only the rest is asked for again.</summary>
internal sealed class BlobRangeReader(BlobClient blob, BlobEntry entry, BlobReadingOptions options, TimeProvider clock)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(15);

    /// <summary>Fills the memory from a byte of the blob on.</summary>
    /// <exception cref="BlobException">The blob is gone or another version, or the service does not answer; the message says at which byte.</exception>
    public async Task ReadAsync(long offset, Memory<byte> memory, CancellationToken cancellation)
    {
        int filled = 0, failureCount = 0;
        while (filled < memory.Length)
        {
            int before = filled;
            Exception failure;
            using var stall = new CancellationTokenSource(options.StallTimeout, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, stall.Token);
            try
            {
                var download = new BlobDownloadOptions
                {
                    Range = new HttpRange(offset + filled, memory.Length - filled),
                    Conditions = new() { IfMatch = new ETag(entry.ETag) },
                };
                using BlobDownloadStreamingResult response = (await blob.DownloadStreamingAsync(download, either.Token)).Value;
                while (filled < memory.Length)
                {
                    stall.CancelAfter(options.StallTimeout);
                    int count = await response.Content.ReadAsync(memory[filled..], either.Token);
                    filled += count > 0 ? count : throw new IOException("The answer ended before its time.");
                }
                return;
            }
            catch (OperationCanceledException) when (stall.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                failure = new TimeoutException(string.Create(CultureInfo.InvariantCulture, $"Nothing arrived for {options.StallTimeout.TotalSeconds:0.###} s."));
            }
            catch (Exception e) when (BlobException.IsFromService(e))
            {
                cancellation.ThrowIfCancellationRequested(); // giving up also shows as a broken connection
                failure = e;
            }

            failureCount = filled > before ? 1 : failureCount + 1;
            BlobException explained = BlobException.Explain(entry.Path, string.Create(CultureInfo.InvariantCulture, $"Reading byte {offset + filled} of"), failure);
            if (!explained.IsTransient || failureCount > options.RetryCount)
                throw explained;
            TimeSpan delay = options.RetryDelay * Math.Pow(2, failureCount - 1);
            await Task.Delay(delay < LongestDelay ? delay : LongestDelay, clock, cancellation);
        }
    }
}
