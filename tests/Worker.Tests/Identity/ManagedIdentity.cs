using Microsoft.AspNetCore.Http;

namespace HrNetBatch.Worker.Tests.Identity;

/// <summary>Gives tokens as the identity endpoint of Container Apps and App Service does (2019-08-01).</summary>
internal sealed class ManagedIdentity(string token) : IAsyncDisposable
{
    private const string Secret = "only processes of this container know it";
    private const string ClientId = "00000000-1111-2222-3333-444444444444";

    private LocalHttp? _http;

    /// <summary>What was asked for.</summary>
    public string? Resource { get; private set; }

    /// <summary>What the platform puts into the environment of a container, and what our deployment adds.</summary>
    public IReadOnlyDictionary<string, string> Environment => new Dictionary<string, string>
    {
        ["IDENTITY_ENDPOINT"] = $"{_http!.Address}/msi/token",
        ["IDENTITY_HEADER"] = Secret,
        ["AZURE_CLIENT_ID"] = ClientId,
    };

    public static async Task<ManagedIdentity> StartAsync(string token)
    {
        var identity = new ManagedIdentity(token);
        identity._http = await LocalHttp.StartAsync(identity.AnswerAsync);
        return identity;
    }

    public ValueTask DisposeAsync() => _http!.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (request.Path != "/msi/token" || request.Headers["X-IDENTITY-HEADER"] != Secret || request.Query["client_id"] != ClientId)
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return;
        }
        Resource = request.Query["resource"];
        await context.Response.WriteAsJsonAsync(new Dictionary<string, string>
        {
            ["access_token"] = token,
            ["expires_on"] = TimeProvider.System.GetUtcNow().AddHours(24).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["resource"] = Resource!,
            ["token_type"] = "Bearer",
            ["client_id"] = ClientId,
        }, context.RequestAborted);
    }
}
