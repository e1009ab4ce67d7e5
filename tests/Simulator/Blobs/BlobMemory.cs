using System.Globalization;
using System.Security;
using System.Text;

namespace HrNetBatch.Simulator.Blobs;

/// <summary>A blob in memory.</summary>
internal sealed record MemoryBlob(byte[] Content, string ETag);

/// <summary>The answer of a blob service.</summary>
internal sealed record BlobAnswer(int Status, byte[] Body, string? ErrorCode = null)
{
    public Dictionary<string, string> Headers { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>A request to a blob service.</summary>
internal sealed record BlobRequest(string Method, string Container, string Name, IReadOnlyDictionary<string, string> Query, string? IfMatch, string? IfNoneMatch, byte[] Body)
{
    public string Text => $"{Method} {Container}/{Name}{(Query.ContainsKey("comp") ? $" list {Query.GetValueOrDefault("prefix")}" : "")}";
}

/// <summary>As much of a blob service as classify jobs use: containers, conditional writes, reads, deletes and listings in pages.</summary>
internal sealed class BlobMemory
{
    private readonly Dictionary<string, SortedDictionary<string, MemoryBlob>> _containers = [];
    private int _version;

    public void Clear()
    {
        _containers.Clear();
        _version = 0;
    }

    /// <summary>The blobs of a container, by name.</summary>
    public SortedDictionary<string, MemoryBlob> Container(string name)
    {
        if (!_containers.TryGetValue(name, out SortedDictionary<string, MemoryBlob>? found))
            _containers[name] = found = new(StringComparer.Ordinal);
        return found;
    }

    public void Write(string container, string name, byte[] content) => Container(container)[name] = new(content, NewETag());

    public BlobAnswer Answer(BlobRequest request)
    {
        if (request.Query.GetValueOrDefault("restype") == "container")
        {
            if (request.Method == "PUT") Container(request.Container);
            if (request.Query.GetValueOrDefault("comp") == "list") return List(request);
            return _containers.ContainsKey(request.Container) ? Described(new(request.Method == "PUT" ? 201 : 200, [])) : new(404, [], "ContainerNotFound");
        }
        SortedDictionary<string, MemoryBlob> blobs = Container(request.Container);
        blobs.TryGetValue(request.Name, out MemoryBlob? blob);
        if (blob is null && request.Method != "PUT") return new(404, [], "BlobNotFound");
        if (request.IfMatch is { } match && match != blob?.ETag) return new(412, [], "ConditionNotMet");
        if (request.IfNoneMatch == "*" && blob is not null) return new(409, [], "BlobAlreadyExists");
        switch (request.Method)
        {
            case "PUT":
                blobs[request.Name] = new(request.Body, NewETag());
                return Described(new(201, []), blobs[request.Name]);
            case "DELETE":
                blobs.Remove(request.Name);
                return Described(new(202, []));
            case "HEAD":
                return Described(new(200, []), blob);
            default:
                return Described(new(200, blob!.Content), blob);
        }
    }

    private BlobAnswer List(BlobRequest request)
    {
        if (!_containers.TryGetValue(request.Container, out SortedDictionary<string, MemoryBlob>? blobs)) return new(404, [], "ContainerNotFound");
        string prefix = request.Query.GetValueOrDefault("prefix") ?? "", marker = request.Query.GetValueOrDefault("marker") ?? "";
        int size = int.Parse(request.Query.GetValueOrDefault("maxresults") ?? "5000", CultureInfo.InvariantCulture);
        List<KeyValuePair<string, MemoryBlob>> found =
            [.. blobs.Where(blob => blob.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(blob.Key, marker) >= 0).Take(size + 1)];
        var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\"http://sim/\" ContainerName=\"c\"><Blobs>");
        foreach (KeyValuePair<string, MemoryBlob> blob in found.Take(size))
        {
            xml.Append(CultureInfo.InvariantCulture, $"<Blob><Name>{SecurityElement.Escape(blob.Key)}</Name><Properties><Last-Modified>Tue, 01 Jan 2030 00:00:00 GMT</Last-Modified>")
                .Append(CultureInfo.InvariantCulture, $"<Etag>{SecurityElement.Escape(blob.Value.ETag.Trim('"'))}</Etag><Content-Length>{blob.Value.Content.Length}</Content-Length>")
                .Append("<BlobType>BlockBlob</BlobType></Properties></Blob>");
        }
        xml.Append(CultureInfo.InvariantCulture, $"</Blobs><NextMarker>{(found.Count > size ? SecurityElement.Escape(found[size].Key) : "")}</NextMarker></EnumerationResults>");
        BlobAnswer answer = Described(new(200, Encoding.UTF8.GetBytes(xml.ToString())));
        answer.Headers["Content-Type"] = "application/xml";
        return answer;
    }

    private static BlobAnswer Described(BlobAnswer answer, MemoryBlob? blob = null)
    {
        answer.Headers["Last-Modified"] = "Tue, 01 Jan 2030 00:00:00 GMT";
        answer.Headers["Content-Length"] = (answer.Body.Length > 0 ? answer.Body.Length : blob?.Content.Length ?? 0).ToString(CultureInfo.InvariantCulture);
        answer.Headers["Content-Type"] = "application/octet-stream";
        answer.Headers["x-ms-request-id"] = "sim";
        answer.Headers["x-ms-blob-type"] = "BlockBlob";
        if (blob is not null) answer.Headers["ETag"] = blob.ETag;
        return answer;
    }

    private string NewETag() => string.Create(CultureInfo.InvariantCulture, $"\"{++_version}\"");
}
