using HrNetBatch.Jobs.Contracts;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Worker;

/// <summary>Checks how many attempts of each kind are to run at once: of kinds that there are, and not less than none.</summary>
internal sealed class ConcurrencyCheck(JobKinds kinds) : IValidateOptions<WorkerOptions>
{
    private const int Most = 1000;

    public ValidateOptionsResult Validate(string? name, WorkerOptions options)
    {
        string[] faults = [.. options.Concurrency.Select(pair => FaultOf(pair.Key, pair.Value)).OfType<string>()];
        return faults.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private string? FaultOf(string kind, int count)
    {
        string setting = $"{WorkerOptions.Section}:{nameof(WorkerOptions.Concurrency)}:{kind}";
        return !kinds.All.Any(known => known.Name.Equals(kind, StringComparison.OrdinalIgnoreCase)) ? $"{setting} is of no kind of job; the kinds are {kinds.Names}."
            : count is < 0 or > Most ? $"{setting} is {count}: a value from 0 (other workers have that kind) to {Most} is needed."
            : null;
    }
}
