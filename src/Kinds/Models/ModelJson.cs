using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Jobs.Blobs;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Models;

/// <summary>The store's JSON blobs. A later program's fields are passed over, so that programs of different age share a store.</summary>
internal static class ModelJson
{
    private const int MaximumBytes = 16 << 20;

    private static readonly JsonSerializerOptions Options = new(JobJson.Options) { WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>Reads one; null where there is no such blob.</summary>
    /// <exception cref="JobException">It is not what the store writes there.</exception>
    public static async Task<(T Value, string ETag)?> ReadAsync<T>(BlobStore blobs, BlobPath path, CancellationToken cancellation)
    {
        try
        {
            BlobContent content = await blobs.ReadAsync(path, maximumBytes: MaximumBytes, cancellation: cancellation);
            return (JsonSerializer.Deserialize<T>(content.Bytes, Options) ?? throw new JsonException("it is null"), content.ETag);
        }
        catch (BlobException e) when (e.IsMissing)
        {
            return null;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or ArgumentException or InvalidOperationException)
        {
            throw NotOurs(path, e is ArgumentException ? e.Message.Split(" (Parameter '", 2)[0].TrimEnd('.') : JsonFault.Of(e), e);
        }
    }

    /// <summary>What to say of a blob that is not what the store writes there.</summary>
    public static JobException NotOurs(BlobPath path, string why, Exception? inner = null) =>
        new($"'{path}' is not what the model store writes there ({why}). Restore that blob, or remove it if nobody needs the version.", inner: inner);

    /// <summary>Writes one in place of the version <paramref name="replaces"/>.</summary>
    /// <exception cref="BlobException">With <see cref="BlobException.IsChanged"/> where somebody else was first.</exception>
    public static Task WriteAsync<T>(BlobStore blobs, BlobPath path, T value, Replaces replaces, CancellationToken cancellation) =>
        blobs.UploadAsync(path, new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(value, Options)), replaces, cancellation);
}
