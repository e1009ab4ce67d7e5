using System.Net;
using System.Text.Json;
using Hangfire.Common;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Health;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.ServiceBus;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Npgsql;

namespace HrNetBatch.Dashboard.Tests;

public sealed class PagesTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    [Fact]
    public async Task Jobs_ShowsStateProgressAndError()
    {
        JobRequest running = await dashboard.SubmitTrainAsync();
        await dashboard.ReportAsync(await dashboard.ClaimAsync(running.Id), 250, 1000, "epoch 2 of 8");
        JobRequest failing = await dashboard.SubmitClassifyAsync();
        await dashboard.Leases.EndAsync(await dashboard.ClaimAsync(failing.Id), new Outcome.Failed("no such container: images", FailureKind.Permanent), TestContext.Current.CancellationToken);

        string page = await dashboard.PageAsync("/");

        Assert.StartsWith("<!DOCTYPE html>", page.TrimStart(), StringComparison.Ordinal);
        Assert.Contains("<title>Jobs · HrNetBatch</title>", WebUtility.HtmlDecode(page), StringComparison.Ordinal);
        Assert.Contains($"href=\"/jobs/{running.Id}\"", page, StringComparison.Ordinal);
        Assert.Contains("<progress max=\"1000\" value=\"250\"", page, StringComparison.Ordinal);
        Assert.Contains("25 %", page, StringComparison.Ordinal);
        Assert.Contains("epoch 2 of 8", page, StringComparison.Ordinal);
        Assert.Contains("no such container: images", page, StringComparison.Ordinal);
        string filtered = await dashboard.PageAsync("/?kind=classify&state=Failed");
        Assert.Contains($"/jobs/{failing.Id}", filtered, StringComparison.Ordinal);
        Assert.DoesNotContain($"/jobs/{running.Id}", filtered, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/?state=foo", "There is no state 'foo': the states are Queued, ")]
    [InlineData("/?kind=foo", "There is no kind 'foo': the kinds are classify, export, train, validate. Jobs of every kind are shown.")]
    [InlineData("/?before=foo", "'foo' is the id of no job: the newest jobs are shown.")]
    [InlineData("/runs?tag=foo", "No run has the tag <code>foo</code>")]
    public async Task AnAddressThatIsNotUnderstood_IsTold(string path, string expected) =>
        Assert.Contains(expected, WebUtility.HtmlDecode(await dashboard.PageAsync(path)), StringComparison.Ordinal);

    [Fact]
    public async Task Job_ShowsArgumentsResultAttemptsAndFailedItems()
    {
        JobRequest classify = await dashboard.SubmitClassifyAsync();
        Lease lease = await dashboard.ClaimAsync(classify.Id);
        await dashboard.FailItemAsync(classify.Id, "broken.png", "the file is cut short");
        await dashboard.Leases.EndAsync(lease, new Outcome.Succeeded(System.Text.Json.JsonSerializer.SerializeToElement(new { manifest = "blob://local/out/manifest.json", rows = 1234 })), TestContext.Current.CancellationToken);

        string page = await dashboard.PageAsync($"/jobs/{classify.Id}");

        Assert.Contains("blob://local/out/manifest.json", page, StringComparison.Ordinal);
        Assert.Contains("blob://local/models/best.pth", page, StringComparison.Ordinal);
        Assert.Contains("the file is cut short", page, StringComparison.Ordinal);
        Assert.Contains("worker-1", page, StringComparison.Ordinal);
        Assert.Contains("Succeeded", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TextFromJobs_StaysText()
    {
        const string Attack = "<img src=x onerror=alert(1)>.png";
        JobRequest classify = await dashboard.SubmitClassifyAsync("blob://local/out/\"><script>alert(2)</script>");
        Lease lease = await dashboard.ClaimAsync(classify.Id);
        await dashboard.ReportAsync(lease, 1, 2, "<b>reading</b>");
        await dashboard.FailItemAsync(classify.Id, Attack, "<script>alert(3)</script>");
        for (int i = 0; i < 30; i++)
            await dashboard.FailItemAsync(classify.Id, $"<a href='{i:00}'>&\"", "x");

        foreach (string path in new[] { "/", $"/jobs/{classify.Id}" })
        {
            string page = await dashboard.PageAsync(path);
            Assert.DoesNotContain("<img src=x", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<b>reading", page, StringComparison.Ordinal);
            Assert.DoesNotContain("<a href='", page, StringComparison.Ordinal);
            Assert.Contains("&lt;b&gt;reading", page, StringComparison.Ordinal);
        }
        Assert.Contains("&lt;img src=x", await dashboard.PageAsync($"/jobs/{classify.Id}?failedAfter={Uri.EscapeDataString("<a href='29'>&\"")}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task UnknownPages_AreNotFound()
    {
        foreach (string path in new[] { "/nothing", $"/jobs/{Guid.NewGuid()}", "/assets/../appsettings.json", "/assets/none.css" })
        {
            using HttpResponseMessage response = await dashboard.Client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("/assets/dashboard.css", "text/css")]
    [InlineData("/assets/dashboard.js", "text/javascript")]
    [InlineData("/assets/vendor/uplot.min.js", "text/javascript")]
    [InlineData("/assets/vendor/uplot.LICENSE.txt", "text/plain")]
    public async Task Assets_ComeOutOfTheAssembly_AndAreSentOnce(string path, string type)
    {
        using HttpResponseMessage response = await dashboard.Client.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        using var again = new HttpRequestMessage(HttpMethod.Get, path);
        again.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using HttpResponseMessage unchanged = await dashboard.Client.SendAsync(again, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Hangfire_IsShownReadOnly_WithoutItsConnectionString()
    {
        string page = await dashboard.PageAsync("/hangfire");
        Assert.Contains("Hangfire", page, StringComparison.Ordinal);
        Assert.DoesNotContain("Host=", page, StringComparison.Ordinal);
        Assert.DoesNotContain("127.0.0.1", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Hangfire_LoadsNothing_WhateverItsTablesName()
    {
        await using NpgsqlCommand foreign = dashboard.Services.GetRequiredService<NpgsqlDataSource>().CreateCommand(
            """
            WITH made AS (
              INSERT INTO hangfire.job (invocationdata, arguments, createdat, statename)
              VALUES ('{"Type":"System.IO.File, mscorlib","Method":"WriteAllText","ParameterTypes":"[\"System.String\",\"System.String\"]"}', '["\"a\"","\"b\""]', now(), 'Enqueued')
              RETURNING id)
            INSERT INTO hangfire.jobqueue (jobid, queue) SELECT id, 'classify' FROM made
            """);
        await foreign.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        string page = await dashboard.PageAsync("/hangfire/jobs/enqueued/classify");

        Assert.DoesNotContain("WriteAllText", page, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => TypeHelper.CurrentTypeResolver("System.IO.File, mscorlib"));
    }

    [Fact]
    public async Task Health_IsGood_WhileTheLedgerAnswers()
    {
        JsonElement health = await dashboard.JsonAsync("/health");
        Assert.Equal("healthy", health.GetProperty("status").GetString());
        Assert.Equal("off", health.GetProperty("serviceBus").GetProperty("status").GetString());
    }

    [Fact]
    public async Task Health_NamesTheServiceBusThatDoesNotAnswer()
    {
        var options = new ServiceBusOptions { ConnectionString = "Endpoint=sb://127.0.0.1:1;SharedAccessKeyName=a;SharedAccessKey=b;UseDevelopmentEmulator=true" };
        await using ServiceProvider services = new ServiceCollection().AddLogging().AddSingleton(TimeProvider.System).AddSingleton(new JobKinds())
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().Build()).AddServiceBus().AddSingleton(Options.Create(options)).BuildServiceProvider();
        var probe = new HealthProbe(
            dashboard.Services.GetRequiredService<NpgsqlDataSource>(), services.GetRequiredService<MessageBus>(), Options.Create(options), TimeProvider.System);
        HealthReport report = await probe.CheckAsync(TestContext.Current.CancellationToken);
        ServiceBusHealth health = report.ServiceBus!;
        Assert.Equal("healthy", report.Status);
        Assert.Equal("unhealthy", health.Status);
        Assert.Contains("127.0.0.1:1", health.Reason, StringComparison.Ordinal);
    }
}
