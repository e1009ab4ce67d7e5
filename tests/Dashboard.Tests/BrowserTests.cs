using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Ledger;
using Microsoft.Playwright;

namespace HrNetBatch.Dashboard.Tests;

/// <summary>A browser watches jobs; with HRNET_SCREENSHOTS set to a folder it also leaves pictures there.</summary>
public sealed class BrowserTests(DashboardFixture dashboard) : IClassFixture<DashboardFixture>
{
    private const string Chromium = "/usr/bin/chromium";

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task ARun_DrawsItsCurves_AndItsProgressMoves(ColorScheme scheme)
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not installed (Debian: chromium)");
        JobRequest follower = JobRequest.For(new Kinds.Classify.ClassifyArguments { Input = "blob://local/images/", Checkpoint = "{{result.best}}", Output = "blob://local/out/" });
        JobRequest train = await dashboard.SubmitTrainAsync(follower);
        Lease lease = await dashboard.ClaimAsync(train.Id);
        await RunAsync(lease, fromStep: 0, toStep: 400);

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 1100 } });
        List<string> complaints = [];
        page.Console += (_, message) => { if (message.Type is "error" or "warning") complaints.Add(message.Text); };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, $"/jobs/{train.Id}").ToString());

        ILocator loss = page.Locator("[data-measure=loss]");
        await Assertions.Expect(loss).ToHaveAttributeAsync("data-points", "40", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("progress")).ToHaveAttributeAsync("value", "400");
        Assert.True(await loss.Locator("canvas").EvaluateAsync<int>(DrawnPixels) > 500, "the loss's canvas is blank");

        await RunAsync(lease, fromStep: 400, toStep: 600);
        await Assertions.Expect(loss).ToHaveAttributeAsync("data-points", "60", new() { Timeout = 30_000 });
        await Assertions.Expect(page.Locator("progress")).ToHaveAttributeAsync("value", "600", new() { Timeout = 30_000 });
        Assert.Equal(["loss", "top1", "top5", "images_per_second", "lr"], await page.Locator("[data-measure]").EvaluateAllAsync<string[]>("cards => cards.map(card => card.dataset.measure)"));
        await PhotographAsync(page, $"run-{scheme}");

        await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, "/").ToString());
        await Assertions.Expect(page.Locator($"[data-job='{train.Id}'] .badge")).ToHaveTextAsync("Running");
        await dashboard.Leases.EndAsync(lease, new Outcome.HandedBack("the worker shuts down"), TestContext.Current.CancellationToken);
        await Assertions.Expect(page.Locator($"[data-job='{train.Id}'] .badge")).ToHaveTextAsync("Queued", new() { Timeout = 30_000 });
        await PhotographAsync(page, $"jobs-{scheme}");
        Assert.Empty(complaints);
    }

    [Fact]
    public async Task AClassifyJob_ShowsItsCounts_AndTurnsThePagesOfItsFailedItems()
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not installed (Debian: chromium)");
        JobRequest classify = await dashboard.SubmitClassifyAsync();
        Lease lease = await dashboard.ClaimAsync(classify.Id);
        await dashboard.ReportAsync(lease, 12_345, 50_000, "unit 13 of 50");
        await dashboard.ExecuteAsync("UPDATE hrnet.jobs SET started_at = started_at - interval '97 seconds' WHERE id = $1", classify.Id);
        await dashboard.ExecuteAsync("INSERT INTO hrnet.plans (job_id, next_unit, item_count, completed_at) VALUES ($1, 50, 50000, now())", classify.Id);
        await dashboard.ExecuteAsync("INSERT INTO hrnet.units (job_id, index, items, item_count, committed_at) SELECT $1, i, ''::bytea, 1000, CASE WHEN i < 12 THEN now() END FROM generate_series(0, 49) i", classify.Id);
        for (int i = 0; i < 40; i++)
            await dashboard.FailItemAsync(classify.Id, $"animals/2024/{i:000}-<b>photo</b>.png", i % 3 == 0 ? "the PNG ends before its image data" : "not an image: the file begins with <!DOCTYPE html>");
        JobRequest failed = await dashboard.SubmitClassifyAsync();
        await dashboard.Leases.EndAsync(await dashboard.ClaimAsync(failed.Id), new Outcome.Failed("blob://local/models/best.pth does not exist: train a model first, or name another checkpoint.", FailureKind.Permanent), TestContext.Current.CancellationToken);
        JobRequest done = await dashboard.SubmitTrainAsync();
        Lease finished = await dashboard.ClaimAsync(done.Id);
        await dashboard.ReportAsync(finished, 19_060, 19_060, "done");
        await dashboard.Leases.EndAsync(finished, new Outcome.Succeeded(System.Text.Json.JsonSerializer.SerializeToElement(new { checkpoint = "blob://local/models/run/checkpoint.pth.tar", best = "blob://local/models/run/model_best.pth.tar", epochs = 10, top1 = 71.25 })), TestContext.Current.CancellationToken);

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new() { ViewportSize = new() { Width = 1280, Height = 1100 } });
        await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, $"/jobs/{classify.Id}").ToString());
        await Assertions.Expect(page.Locator(".facts")).ToContainTextAsync("12 of 50");
        await Assertions.Expect(page.Locator("#failed-items tbody tr")).ToHaveCountAsync(25);
        await page.Locator("#failed-items").GetByText("Next").ClickAsync();
        await Assertions.Expect(page.Locator("#failed-items tbody tr").First).ToContainTextAsync("animals/2024/025-<b>photo</b>.png");
        await Assertions.Expect(page.Locator("#failed-items .pager")).ToHaveTextAsync("First");

        foreach ((string name, string path) in new[] { ("classify", $"/jobs/{classify.Id}"), ("failed", $"/jobs/{failed.Id}"), ("done", $"/jobs/{done.Id}"), ("all", "/"), ("hangfire", "/hangfire"), ("missing", "/nowhere") })
        {
            await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, path).ToString());
            await PhotographAsync(page, name);
        }
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task Runs_AreChosenAndCompared_WithTheirCurvesOverEachOther(ColorScheme scheme)
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not installed (Debian: chromium)");
        List<JobRequest> trains = [await dashboard.SubmitTrainAsync(), await dashboard.SubmitTrainAsync(), await dashboard.SubmitTrainAsync()];
        foreach ((int i, JobRequest train) in trains.Index())
            await RunAsync(await dashboard.ClaimAsync(train.Id), fromStep: 0, toStep: 300 + 100 * i, pace: 1 + 0.5 * i);
        await dashboard.ExecuteAsync("UPDATE hrnet.jobs SET arguments = arguments || '{\"learningRate\": 0.1, \"seed\": 7}' WHERE id = $1", trains[0].Id);
        await dashboard.ExecuteAsync("INSERT INTO hrnet.run_tags (job_id, tag) VALUES ($1, 'baseline')", trains[0].Id);

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 1100 } });
        List<string> complaints = [];
        page.Console += (_, message) => { if (message.Type is "error" or "warning") complaints.Add(message.Text); };
        page.PageError += (_, error) => complaints.Add(error);
        await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, "/runs").ToString());
        foreach (JobRequest train in trains)
            await page.Locator($"input[value='{train.Id}']").CheckAsync();
        await PhotographAsync(page, $"runs-{scheme}");
        await page.GetByText("Compare the chosen").ClickAsync();

        ILocator loss = page.Locator("[data-measure=loss]");
        await Assertions.Expect(loss).ToHaveAttributeAsync("data-points", "50", new() { Timeout = 30_000 });
        Assert.Equal(7, await loss.Locator(".u-series").CountAsync());   // the step; training and validation of three runs
        Assert.True(await loss.Locator("canvas").EvaluateAsync<int>(DrawnPixels) > 500, "the loss's canvas is blank");
        await Assertions.Expect(page.Locator("table.compare")).ToContainTextAsync("learning rate");
        await PhotographAsync(page, $"compare-{scheme}");
        Assert.Empty(complaints);
    }

    [Theory]
    [InlineData(ColorScheme.Light)]
    [InlineData(ColorScheme.Dark)]
    public async Task AValidateJob_ShowsItsReport_WithTheImagesOfItsMistakes(ColorScheme scheme)
    {
        Assert.SkipUnless(File.Exists(Chromium), $"{Chromium} is not installed (Debian: chromium)");
        JobRequest validate = await dashboard.SubmitValidateAsync();
        Lease lease = await dashboard.ClaimAsync(validate.Id);
        await dashboard.RecordReportAsync(lease, ReportOfTest.Of(validate.Id, dashboard.Reports));
        for (int i = 1; i <= 6; i++)
            await dashboard.WriteAsync($"mistakes/{i:0000}.png", Convert.FromBase64String(RedDot));
        await dashboard.Leases.EndAsync(lease, new Outcome.Succeeded(System.Text.Json.JsonSerializer.SerializeToElement(new { top1 = 0.76, report = $"{dashboard.Reports}/report.json" })), TestContext.Current.CancellationToken);

        using IPlaywright playwright = await Playwright.CreateAsync();
        await using IBrowser browser = await playwright.Chromium.LaunchAsync(new() { ExecutablePath = Chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"] });
        IPage page = await browser.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 1280, Height = 1100 } });
        List<string> complaints = [];
        page.Console += (_, message) => { if (message.Type is "error" or "warning") complaints.Add(message.Text); };
        await page.GotoAsync(new Uri(dashboard.Client.BaseAddress!, $"/jobs/{validate.Id}").ToString());

        await Assertions.Expect(page.Locator(".mistakes img")).ToHaveCountAsync(6);
        foreach (ILocator image in await page.Locator(".mistakes img").AllAsync())
        {
            await image.ScrollIntoViewIfNeededAsync();
            await Assertions.Expect(image).ToHaveJSPropertyAsync("naturalWidth", 5);
        }
        await Assertions.Expect(page.Locator(".confusion td.right")).ToHaveCountAsync(9);
        await Assertions.Expect(page.Locator(".reliability .bar")).ToHaveCountAsync(15);
        Assert.NotEqual(
            await page.Locator(".confusion td.h0").First.EvaluateAsync<string>("cell => getComputedStyle(cell).backgroundColor"),
            await page.Locator(".confusion td.right").First.EvaluateAsync<string>("cell => getComputedStyle(cell).backgroundColor"));
        await PhotographAsync(page, $"report-{scheme}");
        Assert.Empty(complaints);
    }

    // 5×5 pixels.
    private const string RedDot = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==";

    private const string DrawnPixels = "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.filter((value, i) => i % 4 === 3 && value > 0).length";

    private async Task RunAsync(Lease lease, int fromStep, int toStep, double pace = 1)
    {
        MetricPoint[] points = [.. Enumerable.Range(fromStep / 10 + 1, (toStep - fromStep) / 10).SelectMany(i =>
        {
            long step = i * 10;
            double noise = Math.Sin(i * 1.7) * 0.05;
            return new MetricPoint[]
            {
                new("train_loss", step, 2.2 * Math.Exp(-step * pace / 300) + 0.2 + noise),
                new("train_top1", step, 0.95 * (1 - Math.Exp(-step * pace / 350)) + noise / 5),
                new("train_top5", step, 1 - Math.Exp(-step * pace / 120)),
                new("lr", step, step < 300 ? 0.05 : 0.005),
                new("images_per_second", step, 118 + noise * 60),
            };
        }).Concat(Enumerable.Range(fromStep / 100 + 1, (toStep - fromStep) / 100).SelectMany(i => new MetricPoint[]
        {
            new("valid_loss", i * 100, 2.3 * Math.Exp(-i * pace / 2.8) + 0.35),
            new("valid_top1", i * 100, 0.92 * (1 - Math.Exp(-i * pace / 3.8))),
        }))];
        await dashboard.RecordAsync(lease, points);
        await dashboard.ReportAsync(lease, toStep, 1000, $"epoch {toStep / 100} of 10");
    }

    private static async Task PhotographAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("HRNET_SCREENSHOTS") is { Length: > 0 } folder)
            await page.ScreenshotAsync(new() { Path = Path.Combine(folder, name + ".png"), FullPage = true });
    }
}
