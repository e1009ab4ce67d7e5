using System.Security.Cryptography;
using System.Text;

namespace HrNetBatch.LocalStack;

/// <summary>A key of a server that every program of this machine reaches: made once for a folder, for us alone to read.</summary>
public static class RandomKey
{
    private const int ByteCount = 64;

    /// <summary>The key in a file, in base64; made where there is none.</summary>
    /// <exception cref="LocalStackException">The file is not ours alone.</exception>
    public static string Keep(string path)
    {
        if (File.Exists(path) && Encoding.ASCII.GetString(PrivateFile.Read(path)).Trim() is { Length: > 0 } kept)
            return kept;
        string key = Convert.ToBase64String(RandomNumberGenerator.GetBytes(ByteCount));
        PrivateFile.Write(path, Encoding.ASCII.GetBytes(key + "\n"));
        return key;
    }
}
