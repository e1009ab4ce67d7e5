namespace HrNetBatch.LocalServiceBus.Protocol.Security;

/// <summary>What the tokens of one connection open, each until its end.</summary>
internal sealed class Claims(TimeProvider time)
{
    private readonly Dictionary<string, DateTimeOffset> _resources = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Adds a resource, or sets when its claim ends.</summary>
    public void Add(string resource, DateTimeOffset expiresAt)
    {
        lock (_resources) _resources[resource] = expiresAt;
    }

    /// <summary>Whether a claim that has not ended opens the address.</summary>
    public bool Allow(string address)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (_resources) return _resources.Any(claim => claim.Value > now && Addresses.Covers(claim.Key, address));
    }
}
