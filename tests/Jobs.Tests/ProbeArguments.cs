using System.ComponentModel.DataAnnotations;
using HrNetBatch.Jobs.Contracts;

namespace HrNetBatch.Jobs.Tests;

/// <summary>A kind for tests.</summary>
public sealed record ProbeArguments : IJobArguments
{
    public static string Kind => "probe";

    [Required]
    public required string Name { get; init; }

    [Range(1, 10)]
    public int Level { get; init; } = 1;

    [Range(1, 100)]
    public int LaneCount { get; init; } = 1;

    public TimeSpan Pause { get; init; } = TimeSpan.FromMinutes(5);

    public IReadOnlyList<int> Steps { get; init; } = [1, 2];

    public string? Note { get; init; }

    public IEnumerable<string> Faults()
    {
        if (Note == Name)
            yield return "note: must differ from name";
    }
}
