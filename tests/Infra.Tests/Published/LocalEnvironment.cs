namespace HrNetBatch.Infra.Tests.Published;

/// <summary>The environment that Bicep gives a container, with the local stack's values in place of Azure's; all else is as it is.</summary>
internal static class LocalEnvironment
{
    /// <summary>Replaces what only Azure has.</summary>
    /// <param name="azure">Names and values as deployed.</param>
    /// <param name="local">By name: the value here; a name that is not deployed is a fault of the test.</param>
    public static Dictionary<string, string> Of(IReadOnlyDictionary<string, string> azure, IReadOnlyDictionary<string, string> local)
    {
        Assert.Empty(local.Keys.Except(azure.Keys));
        var environment = new Dictionary<string, string>();
        foreach ((string name, string value) in azure)
            environment[NameHere(name)] = local.GetValueOrDefault(name, value);
        Assert.DoesNotContain(environment.Values, IsAzures);
        return environment;
    }

    // Azurite and the local Service Bus know keys and no tokens, unlike PostgreSQL here.
    private static string NameHere(string name) => name switch
    {
        "HrNetBatch__ServiceBus__Namespace" => "HrNetBatch__ServiceBus__ConnectionString",
        _ when name.StartsWith("HrNetBatch__Blobs__Accounts__", StringComparison.Ordinal) => name.Replace("__ServiceUri", "__ConnectionString", StringComparison.Ordinal),
        _ => name,
    };

    private static bool IsAzures(string value) =>
        value.StartsWith('[') || value.Contains(".azure.", StringComparison.Ordinal) || value.Contains(".windows.net", StringComparison.Ordinal);
}
