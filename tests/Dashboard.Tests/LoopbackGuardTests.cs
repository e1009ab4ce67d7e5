using System.Net;
using HrNetBatch.Dashboard.Security;
using Microsoft.AspNetCore.Http;

namespace HrNetBatch.Dashboard.Tests;

public sealed class LoopbackGuardTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    private static readonly string[] Paths = ["/", "/api/jobs", "/health", "/hangfire", "/assets/dashboard.js"];

    [Theory]
    [InlineData("Host", "evil.example")]
    [InlineData("Host", "127.0.0.1.evil.example")]
    [InlineData("Host", "localhost.evil.example")]
    [InlineData("Host", "0.0.0.0")]
    [InlineData("Host", "192.168.1.5")]
    [InlineData("X-Forwarded-For", "127.0.0.1")]
    [InlineData("X-Forwarded-Host", "localhost")]
    [InlineData("X-Real-IP", "127.0.0.1")]
    [InlineData("Forwarded", "for=127.0.0.1")]
    [InlineData("Via", "1.1 proxy")]
    public async Task ForeignNamesAndProxies_AreRefused_Everywhere(string header, string value)
    {
        foreach (string path in Paths)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            Assert.True(request.Headers.TryAddWithoutValidation(header, value));
            using HttpResponseMessage response = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:5080")]
    [InlineData("127.0.0.1:1")]
    [InlineData("[::1]:5080")]
    public async Task ThisMachinesNames_AreAdmitted(string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/health");
        request.Headers.Host = host;
        using HttpResponseMessage response = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("10.0.0.7", true)]
    [InlineData("::ffff:10.0.0.7", true)]
    [InlineData("127.0.0.1", false)]
    [InlineData("::1", false)]
    [InlineData("::ffff:127.0.0.1", false)]
    public void ConnectionsFromElsewhere_AreRefused(string address, bool isRefused)
    {
        var context = new DefaultHttpContext();
        context.Request.Host = new HostString("localhost");
        context.Request.Method = "GET";
        context.Connection.RemoteIpAddress = IPAddress.Parse(address);
        Assert.Equal(isRefused, LoopbackGuard.Refusal(context) is not null);
    }

    [Fact]
    public async Task PostsOfOtherPages_AreRefused()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/hangfire/recurring/remove");
        request.Headers.Add("Sec-Fetch-Site", "cross-site");
        using HttpResponseMessage response = await dashboard.Client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
    }

    [Fact]
    public async Task Pages_AllowNoForeignScripts()
    {
        using HttpResponseMessage response = await dashboard.Client.GetAsync("/", TestContext.Current.CancellationToken);
        Assert.Contains("script-src 'self'", response.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Equal("nosniff", response.Headers.GetValues("X-Content-Type-Options").Single());
    }
}
