using System.Collections.Frozen;
using System.Reflection;
using Hangfire;
using Hangfire.Common;
using Hangfire.States;
using HrNetBatch.Worker.Schedules;
using Microsoft.Extensions.Logging;
using Newtonsoft.Json;

namespace HrNetBatch.Worker.Waking;

/// <summary>
/// The two calls that Hangfire may make here. By itself it loads whatever type its tables name and runs any method of it, so
/// whoever can write those tables could run anything as this process.
/// </summary>
internal sealed partial class AdmittedCalls(ILogger<AdmittedCalls> logger) : IElectStateFilter
{
    private static readonly MethodInfo[] Methods =
    [
        typeof(WakeJob).GetMethod(nameof(WakeJob.WakeAsync))!,
        typeof(ScheduleFiring).GetMethod(nameof(ScheduleFiring.FireAsync))!,
    ];

    // What their rows name: each method's type and its parameters', written as our own calls are.
    private static readonly FrozenDictionary<string, Type> Types = Methods
        .SelectMany(method => method.GetParameters().Select(parameter => parameter.ParameterType).Append(method.DeclaringType!))
        .Distinct()
        .ToFrozenDictionary(TypeHelper.SimpleAssemblyTypeSerializer);

    /// <summary>Sets Hangfire up so that nothing else is loaded, whatever names it: a call, a recurring one, an argument.</summary>
    public void Guard(IGlobalConfiguration hangfire)
    {
        hangfire
            .UseSimpleAssemblyNameTypeSerializer()
            .UseTypeResolver(Resolve)
            .UseSerializerSettings(new JsonSerializerSettings { TypeNameHandling = TypeNameHandling.None });

        // Not needed here: calls that follow calls would let a row name states, and a refused call is not tried again.
        GlobalJobFilters.Filters.Remove<ContinuationsSupportAttribute>();
        GlobalJobFilters.Filters.Remove<AutomaticRetryAttribute>();
        GlobalJobFilters.Filters.Remove<CaptureCultureAttribute>();
        hangfire.UseFilter(this);
    }

    /// <summary>Fails a call that is none of ours before anything of it runs: its slot is free for the next one.</summary>
    public void OnStateElection(ElectStateContext context)
    {
        Job? call = context.BackgroundJob.Job;
        if (call is null)
        {
            // Hangfire fails what it could not load by itself.
            if (context.CandidateState is FailedState { Exception: var reason }) LogRefused(logger, context.BackgroundJob.Id, reason.Message);
        }
        else if (!Methods.Contains(call.Method) && context.CandidateState is not (FailedState or DeletedState))
        {
            var reason = new CallRefusedException($"{call.Type.Name}.{call.Method.Name}");
            context.CandidateState = new FailedState(reason) { Reason = reason.Message };
            LogRefused(logger, context.BackgroundJob.Id, reason.Message);
        }
    }

    private static Type Resolve(string name) => Types.TryGetValue(name ?? "", out Type? type) ? type : throw new CallRefusedException(name);

    [LoggerMessage(127, LogLevel.Error, "Hangfire's call {Call} is refused, nothing of it was run: {Reason}. "
        + "If none of you made it, somebody else can write the ledger's database: change its passwords")]
    private static partial void LogRefused(ILogger logger, string call, string reason);
}
