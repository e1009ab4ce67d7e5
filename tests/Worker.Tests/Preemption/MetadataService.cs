using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.Worker.Tests.Preemption;

/// <summary>Answers as a machine's metadata service in Azure does (Scheduled Events, 2020-07-01).</summary>
internal sealed class MetadataService : IAsyncDisposable
{
    public const string Machine = "pool_17";

    private readonly ConcurrentQueue<string> _acknowledged = new();
    private LocalHttp? _http;
    private int _askedCount;

    public string Address => _http!.Address;

    /// <summary>What Azure plans now, as JSON.</summary>
    public string Events { get; set; } = "[]";

    public int AskedCount => Volatile.Read(ref _askedCount);

    /// <summary>What happens when an event is acknowledged, before the answer.</summary>
    public Func<Task> OnAcknowledge { get; set; } = () => Task.CompletedTask;

    public IReadOnlyCollection<string> Acknowledged => _acknowledged;

    public static string Event(string id, string type, string machine) =>
        $$"""{"EventId":"{{id}}","EventType":"{{type}}","ResourceType":"VirtualMachine","Resources":["{{machine}}"],"EventStatus":"Scheduled","NotBefore":"Mon, 23 Nov 2026 12:00:30 GMT","Description":"","EventSource":"Platform","DurationInSeconds":-1}""";

    public static async Task<MetadataService> StartAsync()
    {
        var service = new MetadataService();
        service._http = await LocalHttp.StartAsync(service.AnswerAsync);
        return service;
    }

    public ValueTask DisposeAsync() => _http!.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        string version = request.Query["api-version"].ToString();
        if (request.Headers["Metadata"] != "true" || version.Length == 0)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
        }
        else if (request.Path == "/metadata/instance/compute/name" && request.Query["format"] == "text")
        {
            await context.Response.WriteAsync(Machine);
        }
        else if (request.Path == "/metadata/scheduledevents" && HttpMethods.IsGet(request.Method))
        {
            Interlocked.Increment(ref _askedCount);
            context.Response.ContentType = "application/json; charset=utf-8";
            await context.Response.WriteAsync($$"""{"DocumentIncarnation":1,"Events":{{Events}}}""");
        }
        else if (request.Path == "/metadata/scheduledevents" && HttpMethods.IsPost(request.Method))
        {
            using JsonDocument body = await JsonDocument.ParseAsync(request.Body, cancellationToken: context.RequestAborted);
            await OnAcknowledge();
            foreach (JsonElement start in body.RootElement.GetProperty("StartRequests").EnumerateArray())
                _acknowledged.Enqueue(start.GetProperty("EventId").GetString()!);
        }
        else
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        }
    }
}
