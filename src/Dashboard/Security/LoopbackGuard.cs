using System.Net;

namespace HrNetBatch.Dashboard.Security;

/// <summary>
/// Admits only programs of this machine that mean this machine. A loopback connection alone says little: a web page whose name was
/// rebound to 127.0.0.1 makes one, and so does a reverse proxy for the whole network.
/// </summary>
internal sealed class LoopbackGuard(RequestDelegate next)
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

    public async Task InvokeAsync(HttpContext context)
    {
        if (Refusal(context) is { } refusal)
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await context.Response.WriteAsync($"Refused: {refusal}. Open the dashboard on its own machine, at the address that it printed.\n", context.RequestAborted);
            return;
        }
        await next(context);
    }

    /// <summary>Why a request is refused; null when it is admitted.</summary>
    public static string? Refusal(HttpContext context)
    {
        HttpRequest request = context.Request;
        if (context.Connection.RemoteIpAddress is not { } address || !IPAddress.IsLoopback(address))
            return "the connection does not come from this machine";
        if (!IsLoopbackName(request.Host.Host))
            return "the request is addressed to a name other than localhost";
        if (Array.Exists(ProxyHeaders, request.Headers.ContainsKey))
            return "the request was forwarded by a proxy";
        if (!HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not "same-origin")
            return "another web page sent the request";
        return null;
    }

    private static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address);
}
