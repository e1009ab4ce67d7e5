using System.Collections.Concurrent;
using Azure.Core;
using Azure.Storage.Blobs;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Jobs.Blobs;

/// <summary>Turns the alias of a <see cref="BlobPath"/> into the client of the configured storage account. Thread-safe.</summary>
public sealed class BlobAccounts(IOptions<BlobAccountsOptions> options, Lazy<TokenCredential> credential)
{
    private readonly BlobAccountsOptions _options = options.Value;
    private readonly ConcurrentDictionary<string, BlobServiceClient> _services = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>The configured aliases.</summary>
    public IReadOnlyCollection<string> Aliases => _options.Accounts.Keys;

    /// <summary>Whether an alias is configured.</summary>
    public bool Knows(string alias) => _options.Accounts.ContainsKey(alias);

    /// <summary>The client of an account.</summary>
    /// <exception cref="BlobException">No such alias is configured; the message names those that are and the setting to add.</exception>
    public BlobServiceClient Service(string alias) => _services.GetOrAdd(alias, Open);

    /// <summary>The client of the container a path lies in.</summary>
    public BlobContainerClient Container(BlobPath path) => Service(path.Account).GetBlobContainerClient(path.Container);

    /// <summary>The client of the blob a path names: the one way to a blob, so that no name, wherever it came from, is requested as another's.</summary>
    /// <exception cref="BlobException">The name cannot be requested (<see cref="BlobName"/>); <see cref="BlobException.IsUnreadable"/> is set.</exception>
    public BlobClient Blob(BlobPath path) => BlobName.Fault(path.Name) is { } fault
        ? throw new BlobException(BlobName.CannotBeRequested($"{path}", fault), isTransient: false) { IsUnreadable = true }
        : path.Name.Length == 0
        ? throw new BlobException($"'{path}' is a container, and a blob is needed: name one in it, as in {path}/NAME.", isTransient: false)
        : Container(path).GetBlobClient(path.Name);

    private BlobServiceClient Open(string alias)
    {
        if (!_options.Accounts.TryGetValue(alias, out var account)) throw Unknown(alias);
        if (account.ServiceUri is { } uri) return new BlobServiceClient(uri, credential.Value, ClientOptions());
        try
        {
            return new BlobServiceClient(account.ConnectionString, ClientOptions());
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            // The message may not repeat the connection string: it holds the account's key.
            throw new BlobException(
                $"The connection string of blob account '{alias}' cannot be read; correct {BlobAccountsOptions.Section}:Accounts:{alias}:ConnectionString.",
                isTransient: false);
        }
    }

    private BlobException Unknown(string alias)
    {
        var known = Aliases.Count == 0 ? "none is configured" : $"configured are: {string.Join(", ", Aliases.Order(StringComparer.Ordinal))}";
        return new BlobException(
            $"No blob account has the alias '{alias}' ({known}). Use one of those, or add "
            + $"{BlobAccountsOptions.Section}:Accounts:{alias}:ServiceUri (or :ConnectionString) to the configuration; "
            + $"as an environment variable, HrNetBatch__Blobs__Accounts__{alias}__ServiceUri.",
            isTransient: false);
    }

    private static BlobClientOptions ClientOptions()
    {
        // The newest service version that Azurite also knows; the library's default is newer.
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2026_06_06);
        // Names are literal: /a.jpg, //a.jpg and a.jpg are three blobs.
        options.TrimBlobNameSlashes = false;
        options.Retry.Mode = RetryMode.Exponential;
        options.Retry.MaxRetries = 6; // with these delays, half a minute of outage passes unnoticed
        options.Retry.Delay = TimeSpan.FromSeconds(0.4);
        options.Retry.MaxDelay = TimeSpan.FromSeconds(15);
        options.Retry.NetworkTimeout = TimeSpan.FromSeconds(60);
        options.Diagnostics.IsDistributedTracingEnabled = false; // a span per image would drown the job's own
        options.Diagnostics.ApplicationId = "HrNetBatch";
        return options;
    }
}
