using System.Net;
using System.Text.Json;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using HrNetBatch.Jobs.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace HrNetBatch.Dashboard.Tests;

public sealed class RunPagesTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    private static readonly byte[] Png = [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3];

    [Fact]
    public async Task AJobsPage_ShowsItsReport()
    {
        JobRequest validate = await dashboard.SubmitValidateAsync();
        await dashboard.RecordReportAsync(await dashboard.ClaimAsync(validate.Id), ReportOfTest.Of(validate.Id, dashboard.Reports));

        string page = WebUtility.HtmlDecode(await dashboard.PageAsync($"/jobs/{validate.Id}"));

        Assert.Contains("Accuracy@1", page, StringComparison.Ordinal);
        Assert.Contains("<dd>73.08 %</dd>", page, StringComparison.Ordinal);
        Assert.Contains("title=\"smileys taken for people\">25</td>", page, StringComparison.Ordinal);
        Assert.Contains($"/api/jobs/{validate.Id}/mistakes/6", page, StringComparison.Ordinal);
        Assert.True(page.IndexOf("<b>smileys</b></td>", StringComparison.Ordinal) < page.IndexOf("<b>flags</b></td>", StringComparison.Ordinal), "the worst class comes first");
        Assert.Equal(0.713, (await dashboard.JsonAsync($"/api/jobs/{validate.Id}/report")).GetProperty("loss").GetDouble());
    }

    [Fact]
    public async Task AReportOfManyClasses_ShowsPairsAndTheWorst_AndAllWhenAsked()
    {
        JobRequest validate = await dashboard.SubmitValidateAsync();
        await dashboard.RecordReportAsync(await dashboard.ClaimAsync(validate.Id), ReportOfTest.Of(validate.Id, null, classCount: 200));

        string page = await dashboard.PageAsync($"/jobs/{validate.Id}"), all = await dashboard.PageAsync($"/jobs/{validate.Id}?classes=all");

        Assert.DoesNotContain("class=\"confusion\"", page, StringComparison.Ordinal);
        Assert.Contains("All 200", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>class 17</b>", page, StringComparison.Ordinal);   // one of the best
        Assert.Contains("<b>class 17</b>", all, StringComparison.Ordinal);
        Assert.DoesNotContain("<img src=\"/api", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Mistakes_AreServedAsImages_AndNothingElseIs()
    {
        JobRequest validate = await dashboard.SubmitValidateAsync();
        Lease lease = await dashboard.ClaimAsync(validate.Id);
        ValidationReport report = ReportOfTest.Of(validate.Id, dashboard.Reports);
        MistakeRow[] mistakes = [.. report.Mistakes];
        mistakes[1] = mistakes[1] with { Image = "mistakes/0002.html" };
        await dashboard.RecordReportAsync(lease, report with { Mistakes = mistakes });
        await dashboard.WriteAsync("mistakes/0001.png", Png);
        await dashboard.WriteAsync("mistakes/0002.html", "<script>alert(1)</script>"u8.ToArray());

        using HttpResponseMessage image = await dashboard.Client.GetAsync($"/api/jobs/{validate.Id}/mistakes/1", TestContext.Current.CancellationToken);

        Assert.Equal("image/png", image.Content.Headers.ContentType!.MediaType);
        Assert.Equal(Png, await image.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("nosniff", image.Headers.GetValues("X-Content-Type-Options").Single());
        foreach (string other in new[] { "0", "2", "3", "7", "-1" })   // none, not an image, not written, none, none
        {
            using HttpResponseMessage missing = await dashboard.Client.GetAsync($"/api/jobs/{validate.Id}/mistakes/{other}", TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        }
    }

    [Fact]
    public async Task Runs_AreListedWithTheirTags_AndCompared()
    {
        JobRequest first = await dashboard.SubmitTrainAsync(), second = await dashboard.SubmitTrainAsync();
        await dashboard.RecordAsync(await dashboard.ClaimAsync(first.Id), new("train_loss", 10, 0.5), new("valid_top1", 10, 0.7125));
        await dashboard.RecordAsync(await dashboard.ClaimAsync(second.Id), new("train_loss", 20, double.NaN), new("valid_top1", 10, 0.613));
        var runs = dashboard.Services.GetRequiredService<RunStore>();
        await runs.TagAsync(first.Id, ["paper"], TestContext.Current.CancellationToken);

        string all = await dashboard.PageAsync("/runs"), tagged = await dashboard.PageAsync("/runs?tag=paper");
        string compared = await dashboard.PageAsync($"/compare?run={second.Id}&run={first.Id}&run={second.Id}&run=nonsense"), alone = await dashboard.PageAsync($"/compare?run={first.Id}");
        string job = await dashboard.PageAsync($"/jobs/{first.Id}");

        Assert.Contains("71.25 %", all, StringComparison.Ordinal);
        Assert.Contains($"value=\"{second.Id}\"", all, StringComparison.Ordinal);
        Assert.DoesNotContain($"value=\"{second.Id}\"", tagged, StringComparison.Ordinal);
        Assert.Contains("2 runs", compared, StringComparison.Ordinal);
        Assert.Contains("<td class=\"best\">71.25 %</td>", compared, StringComparison.Ordinal);
        Assert.True(compared.IndexOf($"/jobs/{second.Id}", StringComparison.Ordinal) < compared.IndexOf($"/jobs/{first.Id}", StringComparison.Ordinal), "runs stand in the order that was asked for");
        Assert.Contains("Choose two runs", alone, StringComparison.Ordinal);
        Assert.Contains("/runs?tag=paper", job, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TextFromReports_StaysText()
    {
        const string Attack = "<script>alert(1)</script>";
        JobRequest validate = await dashboard.SubmitValidateAsync();
        ValidationReport report = ReportOfTest.Of(validate.Id, dashboard.Reports, [.. Enumerable.Repeat(Attack, 9)]);
        await dashboard.RecordReportAsync(await dashboard.ClaimAsync(validate.Id), report with { Mistakes = [report.Mistakes[0] with { Key = $"\"{Attack}", Shard = Attack }] });

        string page = await dashboard.PageAsync($"/jobs/{validate.Id}");

        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        Assert.Contains("&lt;script&gt;alert", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReportOfAnotherForm_DoesNotBreakThePage()
    {
        JobRequest validate = await dashboard.SubmitValidateAsync();
        await dashboard.Services.GetRequiredService<MetricStore>().RecordReportAsync(
            await dashboard.ClaimAsync(validate.Id), JsonSerializer.SerializeToElement(new { form = 2 }), TestContext.Current.CancellationToken);

        Assert.DoesNotContain("id=\"report\"", await dashboard.PageAsync($"/jobs/{validate.Id}"), StringComparison.Ordinal);
    }
}
