using HrNetBatch.Jobs.Settings;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>Registers what reaches blob storage.</summary>
public static class BlobServices
{
    /// <summary>Adds <see cref="BlobAccounts"/> and <see cref="BlobStore"/>, configured by the section <see cref="BlobAccountsOptions.Section"/>.</summary>
    public static IServiceCollection AddBlobs(this IServiceCollection services)
    {
        services.AddSettings<BlobAccountsOptions>(BlobAccountsOptions.Section);
        services.AddSettings<BlobReadingOptions>(BlobReadingOptions.Section);
        return services.AddAzureCredential().AddSingleton<BlobAccounts>().AddSingleton<BlobStore>();
    }
}
