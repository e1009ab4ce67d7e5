namespace HrNetBatch.Dashboard.Security;

/// <summary>Tells browsers to run nothing but our own files, should text from a job ever slip through unencoded.</summary>
internal sealed class SecurityHeaders(RequestDelegate next)
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    public Task InvokeAsync(HttpContext context)
    {
        IHeaderDictionary headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.XFrameOptions = "DENY";
        // Hangfire's pages carry scripts and styles inline.
        if (!context.Request.Path.StartsWithSegments(HangfirePages.Path, StringComparison.Ordinal))
            headers.ContentSecurityPolicy = Policy;
        return next(context);
    }
}
