using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Kinds.Classify;

/// <summary>Registers what classify jobs are made of.</summary>
public static class ClassifyServices
{
    /// <summary>Adds the steps of the handler and <see cref="FailedItemRetry"/>, configured by <see cref="ClassifyOptions.Section"/>.</summary>
    public static IServiceCollection AddClassify(this IServiceCollection services)
    {
        services.AddSettings<ClassifyOptions>(ClassifyOptions.Section);
        return services
            .AddSingleton<ManifestStore>()
            .AddSingleton<OutputClaims>()
            .AddSingleton<FailedItemLimit>()
            .AddSingleton<FailedItemRetry>()
            .AddSingleton<ClassifierLoader>()
            .AddSingleton<UnitPlanner>()
            .AddSingleton<UnitWorker>()
            .AddSingleton<Finisher>();
    }
}
