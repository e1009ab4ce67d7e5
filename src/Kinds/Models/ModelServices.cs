using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Kinds.Models;

/// <summary>Registers the model store and what finds a job's checkpoint.</summary>
public static class ModelServices
{
    /// <summary>Adds them, configured by <see cref="ModelOptions.Section"/>.</summary>
    public static IServiceCollection AddModels(this IServiceCollection services)
    {
        services.AddSettings<ModelOptions>(ModelOptions.Section);
        return services
            .AddSingleton<ModelStore>()
            .AddSingleton<ModelAddition>()
            .AddSingleton<ModelTags>()
            .AddSingleton<ModelRemoval>()
            .AddSingleton<JobCheckpoints>();
    }
}
