using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>Registers what reaches blob storage.</summary>
public static class BlobServices
{
    /// <summary>Adds <see cref="BlobAccounts"/> and <see cref="BlobStore"/>, configured by the section <see cref="BlobAccountsOptions.Section"/>.</summary>
    public static IServiceCollection AddBlobs(this IServiceCollection services)
    {
        services.AddOptions<BlobAccountsOptions>().BindConfiguration(BlobAccountsOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<BlobReadingOptions>().BindConfiguration(BlobReadingOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return services.AddAzureCredential().AddSingleton<BlobAccounts>().AddSingleton<BlobStore>();
    }
}
