using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.Worker.Tests.Telemetry;

/// <summary>A collector that takes OTLP over HTTP and reads of it what tests ask for (opentelemetry-proto, v1).</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly ConcurrentQueue<(string Service, string Name)> _metrics = new();
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();
    private readonly ConcurrentQueue<(string Service, string Text)> _logs = new();
    private readonly ConcurrentQueue<Dictionary<string, string>> _resources = new();
    private LocalHttp? _http;

    public string Address => _http!.Address;

    public IReadOnlyCollection<(string Service, string Name)> Metrics => _metrics;

    public IReadOnlyCollection<ReceivedSpan> Spans => _spans;

    public IReadOnlyCollection<(string Service, string Text)> Logs => _logs;

    /// <summary>Who sent something, in OpenTelemetry's attributes.</summary>
    public IReadOnlyCollection<Dictionary<string, string>> Resources => _resources;

    public static async Task<OtlpReceiver> StartAsync()
    {
        var receiver = new OtlpReceiver();
        receiver._http = await LocalHttp.StartAsync(receiver.ReceiveAsync);
        return receiver;
    }

    public ValueTask DisposeAsync() => _http!.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        foreach (byte[] ofResource in Fields(body.ToArray(), 1))
        {
            Dictionary<string, string> resource = Fields(ofResource, 1).SelectMany(message => Fields(message, 1)).Select(Attribute).ToDictionary();
            _resources.Enqueue(resource);
            foreach (byte[] item in Fields(ofResource, 2).SelectMany(scope => Fields(scope, 2)))
                Keep(context.Request.Path.Value!, resource["service.name"], item);
        }
        context.Response.ContentType = "application/x-protobuf";
    }

    private void Keep(string path, string service, byte[] item)
    {
        switch (path)
        {
            case "/v1/metrics":
                _metrics.Enqueue((service, Text(item, 1)));
                break;
            case "/v1/traces":
                _spans.Enqueue(new(service, Convert.ToHexStringLower(Fields(item, 1)[0]), Convert.ToHexStringLower(Fields(item, 4).FirstOrDefault([])), Text(item, 5),
                    Fields(item, 9).Select(Attribute).ToDictionary()));
                break;
            case "/v1/logs":
                _logs.Enqueue((service, Fields(item, 5).Select(value => Text(value, 1)).FirstOrDefault("")));
                break;
        }
    }

    /// <summary>A KeyValue whose value is text; other values come out empty.</summary>
    private static KeyValuePair<string, string> Attribute(byte[] pair) => new(Text(pair, 1), Fields(pair, 2).Select(value => Text(value, 1)).FirstOrDefault(""));

    private static string Text(byte[] message, int field) => System.Text.Encoding.UTF8.GetString(Fields(message, field).FirstOrDefault([]));

    /// <summary>The fields of a message that hold bytes, text or a message.</summary>
    private static List<byte[]> Fields(byte[] message, int field)
    {
        var found = new List<byte[]>();
        using var input = new CodedInputStream(message);
        while (input.ReadTag() is var tag and not 0)
        {
            if (WireFormat.GetTagFieldNumber(tag) == field && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                found.Add(input.ReadBytes().ToByteArray());
            else
                input.SkipLastField();
        }
        return found;
    }
}

internal sealed record ReceivedSpan(string Service, string TraceId, string ParentId, string Name, IReadOnlyDictionary<string, string> Attributes);
