using System.Globalization;
using System.Net;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Kinds.Classify;

namespace HrNetBatch.Dashboard.Tests;

public sealed class JobsApiTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    [Fact]
    public async Task Jobs_ListsNewestFirst_FiltersAndPages()
    {
        JobRequest first = await dashboard.SubmitTrainAsync();
        JobRequest second = await dashboard.SubmitClassifyAsync();
        JobRequest third = await dashboard.SubmitTrainAsync();
        await dashboard.Jobs.CancelAsync(third.Id, TestContext.Current.CancellationToken);

        Assert.Equal([third.Id, second.Id, first.Id], Ids(await dashboard.JsonAsync("/api/jobs?limit=3")));
        Assert.Equal([second.Id], Ids(await dashboard.JsonAsync("/api/jobs?kind=classify&state=queued&limit=1")));
        Assert.Contains(third.Id, Ids(await dashboard.JsonAsync("/api/jobs?state=Cancelled")));
        JsonElement page = await dashboard.JsonAsync("/api/jobs?limit=1");
        Guid next = page.GetProperty("next").GetGuid();
        Assert.Equal([second.Id], Ids(await dashboard.JsonAsync($"/api/jobs?limit=1&before={next}")));
        Assert.True(page.GetProperty("counts").GetProperty("cancelled").GetInt64() >= 1);
    }

    [Fact]
    public async Task Jobs_RefusesAStateThatDoesNotExist_AndListsThoseThatDo()
    {
        using HttpResponseMessage response = await dashboard.Client.GetAsync("/api/jobs?state=7", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("Queued, Scheduled, Running", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Job_TellsProgressAttemptsAndFollowers()
    {
        JobRequest follower = JobRequest.For(new ClassifyArguments { Input = "blob://local/images/", Checkpoint = "{{result.best}}", Output = "blob://local/out/" });
        JobRequest train = await dashboard.SubmitTrainAsync(follower);
        Lease lease = await dashboard.ClaimAsync(train.Id);
        await dashboard.ReportAsync(lease, 250, 1000, "epoch 2 of 8");

        JsonElement job = await dashboard.JsonAsync($"/api/jobs/{train.Id}");
        JsonElement summary = job.GetProperty("summary");
        Assert.Equal("running", summary.GetProperty("state").GetString());
        Assert.Equal(250, summary.GetProperty("doneCount").GetInt64());
        Assert.Equal(1000, summary.GetProperty("totalCount").GetInt64());
        Assert.Equal("worker-1", job.GetProperty("attempts")[0].GetProperty("worker").GetString());
        Assert.Equal(JsonValueKind.Null, job.GetProperty("followers")[0].GetProperty("job").ValueKind);

        await dashboard.Leases.EndAsync(lease, new Outcome.Succeeded(JsonSerializer.SerializeToElement(new { best = "blob://local/models/best.pth" })), TestContext.Current.CancellationToken);
        job = await dashboard.JsonAsync($"/api/jobs/{train.Id}");
        Assert.Equal("succeeded", job.GetProperty("summary").GetProperty("state").GetString());
        Assert.Equal(follower.Id, job.GetProperty("followers")[0].GetProperty("job").GetProperty("id").GetGuid());
    }

    [Fact]
    public async Task Job_IsNotFound_WithAMessage()
    {
        using HttpResponseMessage response = await dashboard.Client.GetAsync($"/api/jobs/{Guid.NewGuid()}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Metrics_GivesWhatIsNew_AndGapsForNoNumbers()
    {
        JobRequest train = await dashboard.SubmitTrainAsync();
        Lease lease = await dashboard.ClaimAsync(train.Id);
        await dashboard.RecordAsync(lease, new("train_loss", 10, 2.5), new("train_loss", 20, double.NaN), new("valid_top1", 1, 0.5));
        await dashboard.ExecuteAsync("UPDATE hrnet.metrics SET at = at - interval '1 hour' WHERE job_id = $1", train.Id);

        JsonElement all = await dashboard.JsonAsync($"/api/jobs/{train.Id}/metrics?since=");
        Assert.Equal(["train_loss", "valid_top1"], all.GetProperty("curves").EnumerateArray().Select(curve => curve.GetProperty("name").GetString()));
        Assert.Equal("[2.5,null]", all.GetProperty("curves")[0].GetProperty("values").GetRawText());

        await dashboard.RecordAsync(lease, new MetricPoint("train_loss", 30, 1.5));
        JsonElement news = await dashboard.JsonAsync(string.Create(CultureInfo.InvariantCulture, $"/api/jobs/{train.Id}/metrics?since={all.GetProperty("next").GetString()}"));
        Assert.Equal("[30]", Assert.Single(news.GetProperty("curves").EnumerateArray()).GetProperty("steps").GetRawText());
    }

    [Theory]
    [InlineData("/api/jobs?kind=a%00b")]
    [InlineData("/api/jobs/00000000-0000-0000-0000-000000000001/failed-items?after=%00")]
    [InlineData("/api/backlog/tr%00ain")]
    [InlineData("/?kind=%00")]
    public async Task ANulCharacter_IsRefused(string address)
    {
        using HttpResponseMessage response = await dashboard.Client.GetAsync(new Uri(address, UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Fact]
    public async Task FailedItems_ArePaged()
    {
        JobRequest classify = await dashboard.SubmitClassifyAsync();
        foreach (string name in new[] { "b.png", "a.png", "c.png" })
            await dashboard.FailItemAsync(classify.Id, name, "not an image");

        JsonElement page = await dashboard.JsonAsync($"/api/jobs/{classify.Id}/failed-items?limit=2");
        Assert.Equal(["a.png", "b.png"], page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("name").GetString()));
        page = await dashboard.JsonAsync($"/api/jobs/{classify.Id}/failed-items?limit=2&after={page.GetProperty("next").GetString()}");
        Assert.Equal("not an image", Assert.Single(page.GetProperty("items").EnumerateArray()).GetProperty("reason").GetString());
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task Backlog_IsTheLanesOfTheKinds()
    {
        long before = (await dashboard.JsonAsync("/api/backlog/train,classify")).GetProperty("lanes").GetInt64();
        await dashboard.SubmitTrainAsync();
        await dashboard.SubmitClassifyAsync();
        Assert.Equal(before + 2, (await dashboard.JsonAsync("/api/backlog/train,classify")).GetProperty("lanes").GetInt64());
        Assert.Equal(0, (await dashboard.JsonAsync("/api/backlog/export")).GetProperty("lanes").GetInt64());
    }

    private static IEnumerable<Guid> Ids(JsonElement page) => page.GetProperty("jobs").EnumerateArray().Select(job => job.GetProperty("id").GetGuid());
}
