using System.Text;

namespace HrNetBatch.Model.Data.Tar;

/// <summary>Names in a tar: UTF-8, or whatever the writer's machine used.</summary>
internal static class TarText
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The text up to its first NUL. What is no UTF-8 becomes a character for each byte, so that two names never become one.</summary>
    public static string UpToNul(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf((byte)0);
        ReadOnlySpan<byte> text = end < 0 ? bytes : bytes[..end];
        try
        {
            return Strict.GetString(text);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(text);
        }
    }
}
