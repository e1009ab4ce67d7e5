using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker.Preemption;

/// <summary>What Azure is going to do to machines, as the machine's own metadata service tells it (learn.microsoft.com: Scheduled Events for Linux VMs).</summary>
internal sealed class ScheduledEvents : IDisposable
{
    private const string Events = "metadata/scheduledevents?api-version=2020-07-01";
    private const string Name = "metadata/instance/compute/name?api-version=2021-02-01&format=text";

    // Asking for the first time turns the service on, which may take two minutes.
    private static readonly TimeSpan FirstLimit = TimeSpan.FromSeconds(150);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    // Some leave the machine as it is after a pause, but none of them leaves time to find out which it was.
    private static readonly HashSet<string> Endings = new(StringComparer.OrdinalIgnoreCase) { "Preempt", "Terminate", "Redeploy", "Reboot", "Freeze" };

    private static readonly JsonSerializerOptions Exactly = new(); // names as they are: EventId, not eventId

    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private string? _machine;
    private bool _answered;

    public ScheduledEvents(IOptions<PreemptionOptions> options, TimeProvider time)
    {
        _time = time;
        _client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = options.Value.Address, Timeout = Timeout.InfiniteTimeSpan };
        _client.DefaultRequestHeaders.Add("Metadata", "true");
    }

    /// <summary>The next event that ends or interrupts this machine; null while there is none.</summary>
    /// <exception cref="HttpRequestException">The service does not answer, or not as it should.</exception>
    public async Task<ScheduledEvent?> FindAsync(CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(_answered ? Limit : FirstLimit, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            _machine ??= (await _client.GetStringAsync(Name, either.Token)).Trim();
            EventList? list = await _client.GetFromJsonAsync<EventList>(Events, either.Token);
            _answered = true;
            return list?.Events?.FirstOrDefault(planned => Endings.Contains(planned.EventType) && planned.Resources.Contains(_machine, StringComparer.OrdinalIgnoreCase));
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new HttpRequestException("it did not answer in time");
        }
        catch (JsonException malformed)
        {
            throw new HttpRequestException($"it answered what is no list of events ({JsonFault.Of(malformed)})", malformed);
        }
    }

    /// <summary>Tells Azure not to wait for this machine any longer.</summary>
    public async Task AcknowledgeAsync(ScheduledEvent planned, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await _client.PostAsJsonAsync(Events, new Approval([new(planned.EventId)]), Exactly, cancellation);
        answer.EnsureSuccessStatusCode();
    }

    public void Dispose() => _client.Dispose();

    private sealed record EventList(IReadOnlyList<ScheduledEvent>? Events);

    private sealed record Approval(IReadOnlyList<StartRequest> StartRequests);

    private sealed record StartRequest(string EventId);
}

/// <summary>What Azure is going to do.</summary>
/// <param name="EventId">Its id.</param>
/// <param name="EventType">What: Preempt, Terminate, Redeploy, Reboot, Freeze.</param>
/// <param name="Resources">The machines.</param>
/// <param name="NotBefore">The earliest time, as Azure writes it; empty once it has begun.</param>
internal sealed record ScheduledEvent(string EventId, string EventType, IReadOnlyList<string> Resources, string? NotBefore);
