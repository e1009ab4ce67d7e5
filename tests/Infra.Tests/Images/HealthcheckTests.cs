using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using HrNetBatch.TestKit;

namespace HrNetBatch.Infra.Tests.Images;

/// <summary>healthcheck.sh, as Docker would run it.</summary>
public sealed class HealthcheckTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK", 0)]
    [InlineData("HTTP/1.1 503 Service Unavailable", 1)]
    [InlineData("nonsense", 1)]
    public async Task ItsExitCode_IsTheHealthThatThePortTells(string answer, int exitCode)
    {
        CancellationToken stop = TestContext.Current.CancellationToken;
        using var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        Task<string> asked = AnswerAsync(server, answer, stop);
        int actual = await RunAsync(((IPEndPoint)server.LocalEndpoint).Port, stop);
        Assert.StartsWith("GET /healthz/live HTTP/1.1", await asked, StringComparison.Ordinal);
        Assert.Equal(exitCode, actual);
    }

    [Fact]
    public async Task ItFails_WhereNobodyListens()
    {
        var server = new TcpListener(IPAddress.Loopback, 0);
        server.Start();
        int port = ((IPEndPoint)server.LocalEndpoint).Port;
        server.Stop();
        Assert.NotEqual(0, await RunAsync(port, TestContext.Current.CancellationToken));
    }

    private static async Task<string> AnswerAsync(TcpListener server, string answer, CancellationToken stop)
    {
        using TcpClient client = await server.AcceptTcpClientAsync(stop);
        using var reader = new StreamReader(client.GetStream());
        string request = (await reader.ReadLineAsync(stop))!;
        while (await reader.ReadLineAsync(stop) is { Length: > 0 }) { }
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes($"{answer}\r\nContent-Length: 0\r\n\r\n"), stop);
        return request;
    }

    private static async Task<int> RunAsync(int port, CancellationToken stop)
    {
        var start = new ProcessStartInfo(Path.Combine(Repository.Root, "infra", "docker", "healthcheck.sh"), ["THE_PORT", "/healthz/live"]) { RedirectStandardError = true };
        start.Environment["THE_PORT"] = port.ToString(CultureInfo.InvariantCulture);
        using Process process = Process.Start(start)!;
        await process.WaitForExitAsync(stop);
        return process.ExitCode;
    }
}
