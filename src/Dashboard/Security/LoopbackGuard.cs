using System.Net;

namespace HrNetBatch.Dashboard.Security;

/// <summary>
/// Admits only programs of this machine that mean this machine. A loopback connection alone says little: a web page whose name was
/// rebound to 127.0.0.1 makes one, and so does a reverse proxy for the whole network.
/// </summary>
internal static class LoopbackGuard
{
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];

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
        if (ComesFromAnotherPage(request))
            return "another web page sent the request";
        return null;
    }

    /// <summary>Whether a browser says that a page of somebody else makes it change something here.</summary>
    public static bool ComesFromAnotherPage(HttpRequest request) =>
        !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method) && request.Headers["Sec-Fetch-Site"] is [{ } site] && site is not "same-origin";

    /// <summary>Whether a host's name can only mean this machine.</summary>
    public static bool IsLoopbackName(string host) =>
        host.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || IPAddress.TryParse(host.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address);
}
