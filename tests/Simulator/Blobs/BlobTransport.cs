using System.Diagnostics.CodeAnalysis;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace HrNetBatch.Simulator.Blobs;

/// <summary>What carries a session's requests to <see cref="BlobMemory"/>: each waits until the scheduler answers it.</summary>
internal sealed class BlobTransport(Func<BlobRequest, Task<BlobAnswer>> ask) : HttpPipelineTransport
{
    public override Request CreateRequest() => HttpClientTransport.Shared.CreateRequest();

    public override void Process(HttpMessage message) => throw new NotSupportedException("The product asks for blobs asynchronously.");

    public override async ValueTask ProcessAsync(HttpMessage message)
    {
        Request request = message.Request;
        Uri uri = request.Uri.ToUri();
        string[] path = uri.AbsolutePath.TrimStart('/').Split('/', 3); // the account's name comes first, as with Azurite
        Dictionary<string, string> query = uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(pair => pair.Split('=', 2))
            .ToDictionary(pair => Uri.UnescapeDataString(pair[0]), pair => Uri.UnescapeDataString(pair.ElementAtOrDefault(1) ?? ""));
        using var body = new MemoryStream();
        if (request.Content is { } content) await content.WriteToAsync(body, message.CancellationToken);
        BlobAnswer answer = await ask(new BlobRequest(
            request.Method.Method, path[1], Uri.UnescapeDataString(path.ElementAtOrDefault(2) ?? ""), query,
            Header(request, "If-Match"), Header(request, "If-None-Match"), body.ToArray()));
        message.Response = new MemoryResponse(answer) { ClientRequestId = request.ClientRequestId };
    }

    private static string? Header(Request request, string name) => request.Headers.TryGetValue(name, out string? value) ? value : null;

    private sealed class MemoryResponse : Response
    {
        private readonly BlobAnswer _answer;

        public MemoryResponse(BlobAnswer answer)
        {
            _answer = answer;
            if (answer.ErrorCode is { } code) answer.Headers["x-ms-error-code"] = code;
            ContentStream = new MemoryStream(answer.Body);
        }

        public override int Status => _answer.Status;
        public override string ReasonPhrase => _answer.ErrorCode ?? "";
        public override Stream? ContentStream { get; set; }
        public override string ClientRequestId { get; set; } = "";
        public override void Dispose() => ContentStream?.Dispose();
        protected override bool ContainsHeader(string name) => _answer.Headers.ContainsKey(name);
        protected override IEnumerable<HttpHeader> EnumerateHeaders() => _answer.Headers.Select(header => new HttpHeader(header.Key, header.Value));
        protected override bool TryGetHeader(string name, [NotNullWhen(true)] out string? value) => _answer.Headers.TryGetValue(name, out value);

        protected override bool TryGetHeaderValues(string name, [NotNullWhen(true)] out IEnumerable<string>? values)
        {
            values = TryGetHeader(name, out string? value) ? [value] : null;
            return values is not null;
        }
    }
}
