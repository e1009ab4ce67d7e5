using Azure.Core;
using Azure.Identity;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace HrNetBatch.Jobs;

/// <summary>Who this process is to Azure: one credential, which keeps its tokens, for everything that signs in there.</summary>
internal static class AzureCredential
{
    /// <summary>Adds the credential, unless one is there; it is made where it is first used, because most machines have none to find.</summary>
    public static IServiceCollection AddAzureCredential(this IServiceCollection services)
    {
        services.TryAddSingleton<TokenCredential>(_ => new DefaultAzureCredential());
        services.TryAddSingleton(provider => new Lazy<TokenCredential>(provider.GetRequiredService<TokenCredential>));
        return services;
    }
}
