using System.Text.Json;
using System.Text.Json.Serialization;

namespace HrNetBatch.Jobs.Contracts;

/// <summary>Whether trying again can help.</summary>
public enum FailureKind
{
    /// <summary>The surroundings failed (network, memory, a crash): worth another attempt.</summary>
    Transient,

    /// <summary>The request itself cannot succeed: a person must change something.</summary>
    Permanent,
}

/// <summary>How an attempt ended; every ending is one of the nested types.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "outcome")]
[JsonDerivedType(typeof(Succeeded), nameof(Succeeded))]
[JsonDerivedType(typeof(HandedBack), nameof(HandedBack))]
[JsonDerivedType(typeof(Cancelled), nameof(Cancelled))]
[JsonDerivedType(typeof(Failed), nameof(Failed))]
[JsonDerivedType(typeof(Lost), nameof(Lost))]
public abstract record Outcome
{
    private Outcome()
    {
    }

    /// <summary>Name of the ending, as the ledger stores it.</summary>
    [JsonIgnore]
    public string Name => GetType().Name;

    /// <summary>Success with a result object, written with <see cref="JobJson"/>.</summary>
    public static Succeeded Success<TResult>(TResult result) => new(JsonSerializer.SerializeToElement(result, JobJson.Options));

    /// <summary>The job is done.</summary>
    /// <param name="Result">A JSON object; followers may take its fields.</param>
    public sealed record Succeeded(JsonElement Result) : Outcome;

    /// <summary>The attempt was interrupted, saved what it had, and spends nothing.</summary>
    /// <param name="Reason">Why, for the status page.</param>
    public sealed record HandedBack(string Reason) : Outcome;

    /// <summary>The attempt stopped because the job was cancelled.</summary>
    public sealed record Cancelled : Outcome;

    /// <summary>The attempt failed.</summary>
    /// <param name="Error">What failed and what to do next, for people.</param>
    /// <param name="Kind">Whether trying again can help.</param>
    public sealed record Failed(string Error, FailureKind Kind) : Outcome
    {
        /// <summary>Whether its process died or hung, or had no memory left: whatever it worked on may be the cause.</summary>
        [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
        public bool Died { get; init; }
    }

    /// <summary>The lease expired: the worker died, hung or lost the database.</summary>
    public sealed record Lost : Outcome;
}
