using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace HrNetBatch.Dashboard.Assets;

/// <summary>Serves the files of this folder out of the assembly, under /assets/.</summary>
internal static class AssetFiles
{
    private const string Prefix = "assets/";

    private static readonly Dictionary<string, string> ContentTypes = new(StringComparer.Ordinal)
    {
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
        [".txt"] = "text/plain; charset=utf-8",
    };

    public static void MapAssets(this WebApplication app)
    {
        foreach (string name in typeof(AssetFiles).Assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            byte[] content = Read(name);
            var tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");
            string type = ContentTypes[Path.GetExtension(name)];
            app.MapGet("/" + name, (HttpContext context) =>
            {
                // Asked for again each time, answered with 304: a new version of the program never meets old files.
                context.Response.Headers.CacheControl = "no-cache";
                return Results.Bytes(content, type, entityTag: tag);
            });
        }
    }

    private static byte[] Read(string name)
    {
        using Stream stream = typeof(AssetFiles).Assembly.GetManifestResourceStream(name)!;
        byte[] content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }
}
