using System.Net;
using HrNetBatch.Dashboard.Security;
using HrNetBatch.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace HrNetBatch.Dashboard.Tests;

/// <summary>Who may look where the dashboard is not only its own machine's.</summary>
public sealed class AccessTests(PostgresFixture postgres)
{
    private const string Host = "dashboard.example.net";

    private static readonly string[] Paths = ["/", "/api/jobs", "/health", "/hangfire", "/assets/dashboard.js"];

    [Fact]
    public async Task SignedIn_AdmitsThoseWhomThePlatformKnows_AndProbesAndTheScaler()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using WebApplication app = await StartAsync(database, "Access=SignedIn", $"HostNames:0={Host}");

        foreach (string path in Paths)
        {
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, path, Host));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, path, Host, isSignedIn: true));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, path, "evil.example", isSignedIn: true));
        }
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "/healthz/live", "10.0.0.7"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "/healthz/ready", "10.0.0.7"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, "/api/backlog/train,classify", Host));
        Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, "/api/backlog/train", "evil.example"));
        Assert.Equal(HttpStatusCode.NotFound, await StatusAsync(app, "/api/backlog/train,sleep", Host));
    }

    [Fact]
    public async Task Network_AdmitsWhoeverKnowsItsName()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        await using WebApplication app = await StartAsync(database, "Access=Network", $"HostNames:0={Host}");

        foreach (string path in Paths)
        {
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, path, Host));
            Assert.Equal(HttpStatusCode.OK, await StatusAsync(app, path, "localhost:8080"));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(app, path, "evil.example"));
        }
    }

    [Fact]
    public async Task Network_NeedsAName()
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => DashboardApp.BuildAsync(
            ["--HrNetBatch:Ledger:ConnectionString=Host=127.0.0.1;Port=1", "--HrNetBatch:Dashboard:Access=Network"]));
        Assert.Contains("HrNetBatch:Dashboard:HostNames", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_TellsInOneSentence_WhatKeepsItFromStarting()
    {
        await using TestDatabase database = await postgres.CreateDatabaseAsync();
        using var taken = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using ProgramProcess unset = ProgramProcess.Start("HrNetBatch.Dashboard.dll", "Dashboard:Port=0"), unreadable = ProgramProcess.Start(
            "HrNetBatch.Dashboard.dll", "Ledger:ConnectionString=Host=127.0.0.1;Port=1", "Dashboard:Port=http"), second = ProgramProcess.Start(
            "HrNetBatch.Dashboard.dll", $"Ledger:ConnectionString={database.ConnectionString}", $"Dashboard:Port={port}");

        foreach (ProgramProcess program in new[] { unset, unreadable, second }) Assert.Equal(1, await program.ExitAsync());
        Assert.Equal(
            "The dashboard cannot start: HrNetBatch:Ledger:ConnectionString is not set; `hrnet up` starts a PostgreSQL and writes it into its stack.json.", unset.Log.Trim());
        Assert.Equal("The dashboard cannot start: HrNetBatch:Dashboard:Port is 'http': a whole number is needed.", unreadable.Log.Trim());
        Assert.Contains($"127.0.0.1:{port}", second.Log, StringComparison.Ordinal);
        Assert.Contains("Set HrNetBatch:Dashboard:Port to a free port", second.Log, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", second.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dashboard_NamesWhatItDoesNotKnowInTheLedgersConnectionString()
    {
        OptionsValidationException error = await Assert.ThrowsAsync<OptionsValidationException>(() => DashboardApp.BuildAsync(
            ["--HrNetBatch:Ledger:ConnectionString=postgres://hrnet:secret@127.0.0.1/ledger?foo=1"]));
        Assert.Contains("unknown keyword \"foo\"", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Network_AdmitsConnectionsFromElsewhere_ButNoOtherPagesPosts()
    {
        var options = new DashboardOptions { Access = DashboardAccess.Network, HostNames = [Host] };
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString(Host);
        context.Request.Method = "GET";
        context.Connection.RemoteIpAddress = IPAddress.Parse("10.0.0.7");
        Assert.True(RequestGuard.Refusal(context, options) is null);

        context.Request.Method = "POST";
        context.Request.Headers["Sec-Fetch-Site"] = "cross-site";
        Assert.NotNull(RequestGuard.Refusal(context, options));
    }

    private static async Task<WebApplication> StartAsync(TestDatabase database, params string[] settings)
    {
        WebApplication app = await DashboardApp.BuildAsync(
        [
            $"--HrNetBatch:Ledger:ConnectionString={database.ConnectionString}", "--HrNetBatch:Dashboard:Port=0", "--Logging:LogLevel:Default=Warning",
            .. settings.Select(setting => $"--HrNetBatch:Dashboard:{setting}"),
        ]);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return app;
    }

    private static async Task<HttpStatusCode> StatusAsync(WebApplication app, string path, string host, bool isSignedIn = false)
    {
        using var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false });
        using var request = new HttpRequestMessage(HttpMethod.Get, new UriBuilder("http", "127.0.0.1", new Uri(app.Urls.First()).Port, path).Uri);
        request.Headers.Host = host;
        if (isSignedIn)
            request.Headers.TryAddWithoutValidation(RequestGuard.PrincipalHeader, "1f0b9c1e-0000-0000-0000-000000000000");
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return response.StatusCode;
    }
}
