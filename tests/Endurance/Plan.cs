using Azure.Messaging.ServiceBus;

namespace HrNetBatch.Endurance;

/// <summary>What an endurance run does.</summary>
/// <param name="Count">How many messages are sent, at least.</param>
/// <param name="Kills">How many processes are killed.</param>
/// <param name="Seed">Decides who is killed when.</param>
public sealed record Plan(int Count, int Kills, int Seed)
{
    public const string Queue = "endurance";

    /// <summary>Sender processes, each with sessions of its own.</summary>
    public const int Senders = 2;

    /// <summary>Receiver processes, which share all sessions.</summary>
    public const int Receivers = 2;

    /// <summary>Sessions of one sender.</summary>
    public const int SessionsEach = 8;

    /// <summary>Messages of one session.</summary>
    public int PerSession => (Count + Senders * SessionsEach - 1) / (Senders * SessionsEach);

    /// <summary>All sessions.</summary>
    public static IEnumerable<string> Sessions => Enumerable.Range(0, Senders).SelectMany(SessionsOf);

    /// <summary>The sessions of a sender.</summary>
    public static IEnumerable<string> SessionsOf(int sender) => Enumerable.Range(0, SessionsEach).Select(session => $"{sender}-{session}");

    /// <summary>A client that outlasts a broker's restart.</summary>
    public static ServiceBusClient Connect(string connectionString) => new(connectionString, new ServiceBusClientOptions
    {
        RetryOptions = new ServiceBusRetryOptions
        {
            Mode = ServiceBusRetryMode.Fixed,
            MaxRetries = 100,
            Delay = TimeSpan.FromMilliseconds(100),
            TryTimeout = TimeSpan.FromSeconds(10),
        },
    });
}
