using HrNetBatch.Kinds;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Cli.Stack;

/// <summary>The ledger and the blobs that a command works with: the environment's, else the running local stack's.</summary>
internal static class StackServices
{
    private const string LedgerKey = "HrNetBatch:Ledger:ConnectionString";

    /// <summary>Opens the services of the stack in a folder (null: the usual place). The caller disposes them.</summary>
    /// <exception cref="UserException">No stack runs there and the environment names none.</exception>
    public static ServiceProvider Open(string? data)
    {
        string folder = StackFolder.ToUse(data);
        StackFile? file = StackFile.Read(folder);
        if (file is null && FromEnvironment(LedgerKey) is null)
        {
            throw new UserException(
                $"No stack runs in {folder}. Start one with `hrnet up` in another terminal, name its folder with --stack, "
                + "or set HrNetBatch__Ledger__ConnectionString.");
        }
        return Create(file?.Configuration ?? new Dictionary<string, string>());
    }

    /// <summary>Opens the services for a command that reaches nothing but blobs, so that no ledger need be known. The caller disposes them.</summary>
    /// <exception cref="UserException">No stack runs there and the environment names no storage account.</exception>
    public static ServiceProvider OpenBlobs(string? data)
    {
        bool hasAccount = new ConfigurationBuilder().AddEnvironmentVariables().Build().GetSection("HrNetBatch:Blobs:Accounts").GetChildren().Any();
        return hasAccount ? OpenServiceBus(data) : Open(data);
    }

    /// <summary>Opens the services for a command that reaches nothing but Service Bus, so that no ledger need be known. The caller disposes them.</summary>
    public static ServiceProvider OpenServiceBus(string? data) => Create(StackFile.Read(StackFolder.ToUse(data))?.Configuration ?? new Dictionary<string, string>());

    /// <summary>Builds the services from settings, over which the environment wins.</summary>
    public static ServiceProvider Create(IReadOnlyDictionary<string, string> settings)
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value)))
            .AddEnvironmentVariables()
            .Build();
        var services = new ServiceCollection();
        services.AddSingleton(configuration).AddLogging().AddHrNetJobs(configuration);
        return services.BuildServiceProvider();
    }

    /// <summary>A setting that the environment gives; null when it does not.</summary>
    public static string? FromEnvironment(string key) =>
        new ConfigurationBuilder().AddEnvironmentVariables().Build()[key] is { Length: > 0 } value ? value : null;
}
