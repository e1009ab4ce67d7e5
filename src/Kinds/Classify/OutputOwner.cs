using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Kinds.Classify;

/// <summary>What <c>job.json</c> in an output folder says: whose results lie there, from before the first part is written.</summary>
internal sealed record OutputOwner
{
    private static readonly JsonSerializerOptions Json =
        new(JobJson.Options) { WriteIndented = true, UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>The job.</summary>
    public required Guid Job { get; init; }

    /// <summary>The jobs whose results it replaces: their parts go once its own manifest is there.</summary>
    public IReadOnlyList<Guid> Replaced { get; init; } = [];

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, Json);

    /// <exception cref="JsonException">It is none.</exception>
    public static OutputOwner Parse(byte[] json) => JsonSerializer.Deserialize<OutputOwner>(json, Json) ?? throw new JsonException("it holds null");
}
