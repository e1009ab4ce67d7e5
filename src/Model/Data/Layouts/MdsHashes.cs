using System.IO.Hashing;
using System.Security.Cryptography;

namespace HrNetBatch.Model.Data.Layouts;

/// <summary>The hashes that MosaicML's writer puts into its index, of the kinds that are known here.</summary>
internal static class MdsHashes
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Reads a stream to its end; the name of the hash that is another than expected, or null.</summary>
    public static async Task<string?> MismatchAsync(Stream content, IReadOnlyDictionary<string, string?> expected, CancellationToken cancellationToken)
    {
        var hashes = new List<(string Name, Action<byte[], int> Append, Func<byte[]> Finish)>();
        foreach (string name in expected.Keys)
            if (Start(name) is { } hash)
                hashes.Add((name, hash.Append, hash.Finish));
        var buffer = new byte[BufferBytes];
        for (int read; (read = await content.ReadAsync(buffer, cancellationToken)) > 0;)
            foreach ((_, Action<byte[], int> append, _) in hashes)
                append(buffer, read);
        foreach ((string name, _, Func<byte[]> finish) in hashes)
            if (!Convert.ToHexStringLower(finish()).Equals(expected[name], StringComparison.OrdinalIgnoreCase))
                return name;
        return null;
    }

    private static (Action<byte[], int> Append, Func<byte[]> Finish)? Start(string name)
    {
        NonCryptographicHashAlgorithm? quick = name switch
        {
            "xxh32" => new XxHash32(),
            "xxh64" => new XxHash64(),
            "xxh3_64" => new XxHash3(),
            "xxh128" or "xxh3_128" => new XxHash128(),
            _ => null,
        };
        if (quick is not null)
            return ((bytes, count) => quick.Append(bytes.AsSpan(0, count)), quick.GetCurrentHash);
        HashAlgorithmName? kind = name switch
        {
            "md5" => HashAlgorithmName.MD5,
            "sha1" => HashAlgorithmName.SHA1,
            "sha256" => HashAlgorithmName.SHA256,
            "sha384" => HashAlgorithmName.SHA384,
            "sha512" => HashAlgorithmName.SHA512,
            _ => null,
        };
        if (kind is not { } known)
            return null;
        IncrementalHash hash = IncrementalHash.CreateHash(known);
        return ((bytes, count) => hash.AppendData(bytes, 0, count), hash.GetHashAndReset);
    }
}
