using System.Text.Json;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>One kind of job: its name and its arguments.</summary>
/// <param name="Name">Stable name.</param>
/// <param name="ArgumentsType">The record of its arguments.</param>
/// <param name="NeedsDevice">Whether an attempt computes on a GPU where there is one.</param>
public record JobKind(string Name, Type ArgumentsType, bool NeedsDevice)
{
    /// <summary>What such a job does: <see cref="IJobArguments.Purpose"/>.</summary>
    public string Purpose { get; private init; } = "";

    /// <summary>Where a follower finds a checkpoint: <see cref="IJobArguments.ResultCheckpoint"/>.</summary>
    public string? ResultCheckpoint { get; private init; }

    /// <summary>A kind that can be submitted but not run here.</summary>
    public static JobKind Of<TArguments>()
        where TArguments : IJobArguments => new(TArguments.Kind, typeof(TArguments), TArguments.NeedsDevice)
        {
            Purpose = TArguments.Purpose,
            ResultCheckpoint = TArguments.ResultCheckpoint,
        };
}

/// <summary>The kinds that a program knows.</summary>
public sealed class JobKinds
{
    private readonly Dictionary<string, JobKind> _kinds;

    /// <summary>A table of <paramref name="kinds"/>.</summary>
    public JobKinds(params IEnumerable<JobKind> kinds)
    {
        All = [.. kinds];
        _kinds = All.ToDictionary(kind => kind.Name, StringComparer.Ordinal);
    }

    /// <summary>The kinds, in the table's order.</summary>
    public IReadOnlyList<JobKind> All { get; }

    /// <summary>The names of the kinds, for people.</summary>
    public string Names => string.Join(", ", _kinds.Keys.Order(StringComparer.Ordinal));

    /// <summary>The kind of that name.</summary>
    /// <exception cref="JobArgumentsException">There is none; the message lists those there are.</exception>
    public JobKind Get(string name) => _kinds.TryGetValue(name, out JobKind? kind)
        ? kind
        : throw new JobArgumentsException(name, [$"kind: \"{name}\" is no kind of job; known kinds are {Names}"]);

    /// <summary>Reads and checks the arguments of a job that is about to run or be stored.</summary>
    /// <exception cref="JobArgumentsException">Unknown kind, unknown field, wrong type or value out of range; lists every fault.</exception>
    public IJobArguments Parse(string kind, JsonElement arguments) => ArgumentReader.Read(Get(kind), arguments);

    /// <summary>Checks a request and its followers; what a follower takes from its parent's result is checked when that is known.</summary>
    /// <returns>The arguments of the request itself.</returns>
    /// <exception cref="JobArgumentsException">As for <see cref="Parse"/>.</exception>
    public IJobArguments Check(JobRequest request)
    {
        IJobArguments arguments = Parse(request.Kind, request.Arguments);
        List<string> faults = [.. FollowerFaults(request, "")];
        return faults.Count == 0 ? arguments : throw new JobArgumentsException(request.Kind, faults);
    }

    /// <summary>Arguments as the ledger stores them: defaults written out, so that a later change of a default leaves the job alone.</summary>
    public static JsonElement Write(IJobArguments arguments) => JsonSerializer.SerializeToElement(arguments, arguments.GetType(), JobJson.Options);

    // Each with its place, such as then[0].arguments.input: the job itself may have a field of that name.
    private IEnumerable<string> FollowerFaults(JobRequest request, string path) => request.Then.SelectMany((follower, place) =>
    {
        string own = $"{path}then[{place}].";
        IEnumerable<string> faults = _kinds.TryGetValue(follower.Kind, out JobKind? kind)
            ? ArgumentReader.TemplateFaults(kind, follower.Arguments).Select(fault =>
                fault.StartsWith("arguments:", StringComparison.Ordinal) ? own + fault : $"{own}arguments.{fault}")
            : [$"{own}kind: \"{follower.Kind}\" is no kind of job; known kinds are {Names}"];
        return faults.Concat(FollowerFaults(follower, own));
    });
}
