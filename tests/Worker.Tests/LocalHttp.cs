using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.Worker.Tests;

/// <summary>A real HTTP server of a test, on a free port of this machine.</summary>
internal sealed class LocalHttp : IAsyncDisposable
{
    private readonly WebApplication _app;

    private LocalHttp(WebApplication app) => _app = app;

    public string Address => _app.Urls.First();

    public static async Task<LocalHttp> StartAsync(RequestDelegate answer)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        WebApplication app = builder.Build();
        app.Run(answer);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return new(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
