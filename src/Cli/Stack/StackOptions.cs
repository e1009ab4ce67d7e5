namespace HrNetBatch.Cli.Stack;

/// <summary>Which parts of the local stack to run, and where.</summary>
internal sealed record StackOptions
{
    /// <summary>Holds everything the stack keeps.</summary>
    public required string Folder { get; init; }

    /// <summary>Whether to run a worker. Default true.</summary>
    public bool HasWorker { get; init; } = true;

    /// <summary>Whether to run the dashboard. Default true.</summary>
    public bool HasDashboard { get; init; } = true;

    /// <summary>Whether to run the local Service Bus. Default true.</summary>
    public bool HasServiceBus { get; init; } = true;

    /// <summary>PostgreSQL's bin folder. Default: an installed one, else npm's.</summary>
    public string? PostgresBinaries { get; init; }
}
