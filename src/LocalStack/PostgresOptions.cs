namespace HrNetBatch.LocalStack;

/// <summary>How to start a PostgreSQL server.</summary>
public sealed record PostgresOptions
{
    /// <summary>Holds the cluster, its log and its port; made when missing.</summary>
    public required string Folder { get; init; }

    /// <summary>PostgreSQL's <c>bin</c> folder. Default: an installed one, else npm's.</summary>
    public string? BinaryFolder { get; init; }

    /// <summary>
    /// False gives up safety against a crash of the machine (not of PostgreSQL) for speed: for tests only. Default true.
    /// </summary>
    public bool Durable { get; init; } = true;
}
