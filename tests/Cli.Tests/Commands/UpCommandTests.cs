using System.Text.Json;
using HrNetBatch.Cli.Commands;
using HrNetBatch.LocalStack;
using HrNetBatch.TestKit;

namespace HrNetBatch.Cli.Tests.Commands;

public sealed class UpCommandTests
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task Up_StartsOnce_StopsOnRequest_AndRecoversAfterBeingKilled()
    {
        using var folder = new TemporaryFolder();
        JsonElement killed;
        await using (HrnetProcess first = Up(folder.Path))
        {
            killed = await ReadyAsync(first);
            CommandResult second = await HrnetProcess.RunAsync(["up", "--stack", folder.Path]);
            Assert.Equal(1, second.ExitCode);
            Assert.Contains("already runs", second.Error, StringComparison.Ordinal);
            first.Kill();
        }
        await Eventually.TrueAsync(() => !AnyLives(killed), "what `up` had started ends when `up` is killed", StartLimit);

        await using HrnetProcess again = Up(folder.Path);
        JsonElement recovered = await ReadyAsync(again);
        CommandResult status = await HrnetProcess.RunAsync(["status", "--stack", folder.Path]);
        CommandResult deadLetters = await HrnetProcess.RunAsync(["deadletters", "list", "--stack", folder.Path]);
        again.Terminate();
        CommandResult ended = await again.EndAsync();

        Assert.Equal(0, status.ExitCode);
        Assert.Equal(0, deadLetters.ExitCode);   // the Service Bus answers
        Assert.Equal(Setting(killed), Setting(recovered));   // clients find everything where it was
        Assert.Equal(0, ended.ExitCode);
        Assert.False(AnyLives(recovered));
        Assert.False(File.Exists(folder.File("stack.json")));
    }

    [Fact]
    public void TheServiceBusKey_IsNotShown() => Assert.Equal(
        "Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=Root;UseDevelopmentEmulator=true",
        UpCommand.WithoutKey("Endpoint=sb://127.0.0.1:5672;SharedAccessKeyName=Root;SharedAccessKey=a+b/c==;UseDevelopmentEmulator=true"));

    private static HrnetProcess Up(string folder) => HrnetProcess.Start(["up", "--no-dashboard", "--json", "--stack", folder]);

    private static async Task<JsonElement> ReadyAsync(HrnetProcess up)
    {
        string document = await Eventually.GetAsync(
            () => up.HasEnded ? throw new InvalidOperationException(up.Error) : Task.FromResult(up.Output.TrimEnd().EndsWith('}') ? up.Output : null),
            "`up` says where everything is", StartLimit);
        return JsonSerializer.Deserialize<JsonElement>(document);
    }

    private static string Setting(JsonElement stack) => stack.GetProperty("configuration").GetRawText();

    private static bool AnyLives(JsonElement stack) => stack.GetProperty("processes").EnumerateObject()
        .Any(process => ChildProcess.IsAlive(process.Value.GetInt32(), process.Name switch
        {
            "up" => "hrnet.dll",
            "worker" => "HrNetBatch.Worker",
            "servicebus" => "HrNetBatch.LocalServiceBus",
            var name => name,
        }));
}
