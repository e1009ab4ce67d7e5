using System.IO.Hashing;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace HrNetBatch.Model.Data;

/// <summary>
/// Where the samples of a tar lie, so that one can be read without those before it: a JSON file <c>NAME.tar.index</c> beside it
/// (or in a cache). It holds for one version of the tar; of another it is ignored.
/// </summary>
internal sealed record ShardIndex
{
    /// <summary>What an index is called, behind the name of the tar.</summary>
    public const string Extension = ".index";

    private const int CurrentFormat = 1;
    private const long LargestBytes = 1L << 30;   // some 20 million samples

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>Version of this layout.</summary>
    public int Format { get; init; } = CurrentFormat;

    /// <summary>The tar's version: an ETag for a blob.</summary>
    public required string Version { get; init; }

    /// <summary>First byte of each sample: the header of its first member, or with <see cref="Names"/> the image itself.</summary>
    public required IReadOnlyList<long> Offsets { get; init; }

    /// <summary>Bytes of each sample.</summary>
    public required IReadOnlyList<long> Lengths { get; init; }

    /// <summary>Of a tar of images without labels, or of tars of such: the name of each image. Null for a WebDataset shard.</summary>
    public IReadOnlyList<string>? Names { get; init; }

    /// <summary>The file's content.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <summary>Reads an index; null where it is of another version of the tar, or no index at all.</summary>
    public static ShardIndex? Read(ReadOnlySpan<byte> content, DataFile tar)
    {
        try
        {
            ShardIndex? index = JsonSerializer.Deserialize<ShardIndex>(content, Json);
            return index is { Format: CurrentFormat } && index.Version == tar.Version && index.IsWithin(tar.LengthBytes) ? index : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)   // the latter of text that is no UTF-8
        {
            return null;
        }
    }

    /// <summary>Reads the index that lies beside a tar; null where it is missing or of another version.</summary>
    public static async Task<ShardIndex?> ReadAsync(IDataFiles files, DataFile tar, DataFile? index, CancellationToken cancellationToken)
    {
        if (index is null || index.LengthBytes > LargestBytes)
            return null;
        await using Stream stream = await files.OpenAsync(index, 0, null, cancellationToken);
        using var content = new MemoryStream();
        await stream.CopyToAsync(content, cancellationToken);
        return Read(content.GetBuffer().AsSpan(0, (int)content.Length), tar);
    }

    /// <summary>Reads the index of a tar out of a folder where <see cref="KeepAsync"/> put it; null where it is not.</summary>
    public static async Task<ShardIndex?> ReadKeptAsync(string folder, DataFile tar, CancellationToken cancellationToken)
    {
        string file = KeptFile(folder, tar);
        return File.Exists(file) ? Read(await File.ReadAllBytesAsync(file, cancellationToken), tar) : null;
    }

    /// <summary>Puts the index into a folder of this machine that holds the indexes of many tars.</summary>
    public Task KeepAsync(string folder, DataFile tar, CancellationToken cancellationToken) =>
        new LocalFiles().WriteAsync(KeptFile(folder, tar), new MemoryStream(ToBytes()), cancellationToken);

    private static string KeptFile(string folder, DataFile tar) =>
        Path.Combine(folder, Convert.ToHexStringLower(XxHash128.Hash(Encoding.UTF8.GetBytes($"{tar.Name}\n{tar.Version}"))) + Extension);

    // Rising and inside the tar: an index that was tampered with must not make the reader ask for the impossible.
    private bool IsWithin(long lengthBytes)
    {
        if (Offsets is null || Lengths is null || Names?.Contains(null!) == true || Offsets.Count != Lengths.Count || (Names is { } names && names.Count != Offsets.Count))
            return false;
        long end = 0;
        for (int at = 0; at < Offsets.Count; at++)
        {
            if (Offsets[at] < end || Lengths[at] < 0 || Lengths[at] > lengthBytes - Offsets[at])
                return false;
            end = Offsets[at] + Lengths[at];
        }
        return true;
    }
}
