using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Bicep;

/// <summary>The deployments that tests look at, each worked out once: the CLI takes seconds for one.</summary>
public sealed class Deployments
{
    private readonly Lazy<Task<Deployment>> _trial = new(() => Deployment.OfAsync("trial.bicepparam", WithImages()));
    private readonly Lazy<Task<Deployment>> _production = new(() => Deployment.OfAsync("production.bicepparam", WithImages()));
    private readonly Lazy<Task<Deployment>> _signedIn = new(() => Deployment.OfAsync(
        "trial.bicepparam",
        WithImages(("HRNET_ENVIRONMENT", "ab"), ("HRNET_SIGN_IN_CLIENT_ID", "33333333-3333-3333-3333-333333333333"), ("HRNET_ADMIN_ADDRESS", "192.0.2.7"))));
    private readonly Lazy<Task<Deployment>> _longNames = new(() => Deployment.OfAsync(
        "production.bicepparam", WithImages(("HRNET_ENVIRONMENT", "HRNET-PRODUCTION-EU1"))));
    private readonly Lazy<Task<Deployment>> _withKeys = new(() => Deployment.OfAsync("trial.bicepparam", WithImages(), copy =>
    {
        Change(copy, "service-bus", "disableLocalAuth: true", "disableLocalAuth: false");
        Change(copy, "storage", "    allowSharedKeyAccess: false\n", ""); // Azure's default is open
        Change(copy, "postgres", "passwordAuth: 'Disabled'", "passwordAuth: 'Enabled'");
        Change(copy, "registry", "adminUserEnabled: false", "adminUserEnabled: true");
    }));
    private readonly Lazy<Task<Deployment>> _withPublicDoors = new(() => Deployment.OfAsync("production.bicepparam", WithImages(), copy =>
    {
        foreach (string module in (string[])["service-bus", "storage", "postgres", "registry", "environment"])
            Change(copy, module, "publicNetworkAccess: isPrivate ? 'Disabled' : 'Enabled'", "publicNetworkAccess: 'Enabled'");
    }));

    /// <summary>trial.bicepparam, once there are images.</summary>
    internal Task<Deployment> Trial => _trial.Value;

    /// <summary>production.bicepparam, once there are images.</summary>
    internal Task<Deployment> Production => _production.Value;

    /// <summary>trial.bicepparam with an app registration to sign in with, an address of the administrator, and the shortest name.</summary>
    internal Task<Deployment> SignedIn => _signedIn.Value;

    /// <summary>production.bicepparam with the longest name.</summary>
    internal Task<Deployment> LongNames => _longNames.Value;

    /// <summary>trial.bicepparam after somebody has let keys and passwords in.</summary>
    internal Task<Deployment> WithKeys => _withKeys.Value;

    /// <summary>production.bicepparam after somebody has let the internet in.</summary>
    internal Task<Deployment> WithPublicDoors => _withPublicDoors.Value;

    /// <summary>What a parameter file makes.</summary>
    internal Task<Deployment> OfAsync(string file) => file switch
    {
        "trial" => Trial,
        "production" => Production,
        _ => throw new ArgumentOutOfRangeException(nameof(file), file, null),
    };

    private static Dictionary<string, string> WithImages(params IEnumerable<(string Name, string Value)> variables) =>
        variables.Append(("HRNET_VERSION", "0.1.0")).ToDictionary(variable => variable.Item1, variable => variable.Item2);

    private static void Change(TemporaryFolder copy, string module, string text, string replacement)
    {
        string file = copy.File($"modules/{module}.bicep"), source = File.ReadAllText(file);
        Assert.Contains(text, source, StringComparison.Ordinal);
        File.WriteAllText(file, source.Replace(text, replacement, StringComparison.Ordinal));
    }
}
