using HrNetBatch.Dashboard.Api;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Dashboard.Security;

/// <summary>Admits those whom the options let look, and nobody else.</summary>
internal sealed class RequestGuard(RequestDelegate next, IOptions<DashboardOptions> options)
{
    /// <summary>The signed-in person's id, set by Azure's built-in authentication of Container Apps and App Service.</summary>
    public const string PrincipalHeader = "X-MS-CLIENT-PRINCIPAL-ID";

    public async Task InvokeAsync(HttpContext context)
    {
        if (Refusal(context, options.Value) is { } refusal)
            await RefuseAsync(StatusCodes.Status403Forbidden, refusal);
        else if (HoldsNul(context.Request))
            await RefuseAsync(StatusCodes.Status400BadRequest, "the address holds a NUL character, which no name here has");
        else
            await next(context);

        Task RefuseAsync(int status, string reason)
        {
            context.Response.StatusCode = status;
            return context.Response.WriteAsync($"Refused: {reason}.\n", context.RequestAborted);
        }
    }

    /// <summary>Why a request is refused, and what to do; null when it is admitted.</summary>
    public static string? Refusal(HttpContext context, DashboardOptions options) => options.Access switch
    {
        DashboardAccess.Loopback when LoopbackGuard.Refusal(context) is { } refusal => $"{refusal}. Open the dashboard on its own machine, at the address that it printed",
        DashboardAccess.Loopback => null,
        _ when Health.IsProbe(context.Request) => null,
        _ => NetworkRefusal(context.Request, options),
    };

    // PostgreSQL's texts cannot hold it.
    private static bool HoldsNul(HttpRequest request) =>
        request.Path.Value?.Contains('\0', StringComparison.Ordinal) == true
        || request.Query.Any(parameter => parameter.Key.Contains('\0', StringComparison.Ordinal) || parameter.Value.Any(value => value?.Contains('\0', StringComparison.Ordinal) == true));

    private static string? NetworkRefusal(HttpRequest request, DashboardOptions options)
    {
        string host = request.Host.Host;
        if (options.HostNames.Count > 0 && !options.HostNames.Contains(host, StringComparer.OrdinalIgnoreCase) && !LoopbackGuard.IsLoopbackName(host))
            return $"the request is addressed to a name that is not in {DashboardOptions.Section}:{nameof(DashboardOptions.HostNames)}";
        if (LoopbackGuard.ComesFromAnotherPage(request))
            return "another web page sent the request";
        if (options.Access == DashboardAccess.SignedIn && !BacklogApi.IsBacklog(request) && request.Headers[PrincipalHeader] is not [{ Length: > 0 }])
            return $"nobody has signed in: {PrincipalHeader} is missing. Turn the built-in authentication of the container app on, or use the address at which it is";
        return null;
    }
}
