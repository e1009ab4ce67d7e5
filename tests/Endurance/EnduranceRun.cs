using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using Azure.Messaging.ServiceBus.Administration;

namespace HrNetBatch.Endurance;

/// <summary>
/// Runs a broker, senders and receivers as processes, and kills one of them (SIGKILL) each time that a part of the messages is sent;
/// whoever is killed is started again at once.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Its semaphore has no wait handle.")]
public sealed partial class EnduranceRun(Plan plan, string folder, Action<string> report)
{
    private const string Configuration = $$"""
        { "UserConfig": { "Namespaces": [ { "Name": "local", "Queues": [ { "Name": "{{Plan.Queue}}", "Properties": {
          "RequiresSession": true, "RequiresDuplicateDetection": true, "DuplicateDetectionHistoryTimeWindow": "PT2M",
              "MaxDeliveryCount": 1000 } } ] } ] } }
        """;

    private readonly Random _random = new(plan.Seed);
    private readonly Dictionary<string, int> _kills = new() { ["broker"] = 0, ["sender"] = 0, ["receiver"] = 0 };
    private readonly SemaphoreSlim _progress = new(0);
    private readonly Process?[] _senders = new Process?[Plan.Senders];
    private readonly Process?[] _receivers = new Process?[Plan.Receivers];
    private Process? _broker;
    private string _connectionString = "";
    private long _acknowledged;

    /// <summary>Runs it to its end.</summary>
    public async Task<Verdict> RunAsync(CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        if (Directory.EnumerateFileSystemEntries(folder).Any()) throw new IOException($"{folder} is not empty: name another folder.");
        await File.WriteAllTextAsync(Path.Combine(folder, "Config.json"), Configuration, cancellationToken);
        long start = TimeProvider.System.GetTimestamp();
        try
        {
            await StartBrokerAsync("0", cancellationToken);
            for (int number = 0; number < Plan.Senders; number++) StartSender(number);
            for (int number = 0; number < Plan.Receivers; number++) StartReceiver(number);
            await KillAsync(cancellationToken);
            foreach (Process? sender in _senders) await sender!.WaitForExitAsync(cancellationToken);
            long left = await WaitUntilEmptyAsync(cancellationToken);
            foreach (Process? receiver in _receivers) await KillAsync(receiver, cancellationToken);
            return Verdict.Of(plan, folder, _kills, TimeProvider.System.GetElapsedTime(start), left);
        }
        finally
        {
            foreach (Process? process in (Process?[])[.. _senders, .. _receivers, _broker]) Stop(process);
        }
    }

    private async Task KillAsync(CancellationToken cancellationToken)
    {
        for (int kill = 1; kill <= plan.Kills; kill++)
        {
            long due = (long)plan.Count * kill / (plan.Kills + 1);
            while (Interlocked.Read(ref _acknowledged) < due && _senders.Any(sender =>
                !sender!.HasExited)) await _progress.WaitAsync(TimeSpan.FromSeconds(1), cancellationToken);
            string victim = kill <= 3 ? _kills.Keys.ElementAt(kill - 1)
                : _random.GetItems((string[])["broker", "broker", "sender", "receiver"], 1)[0];
            int number = _random.Next(2);
            if (victim == "sender" && _senders[number]!.HasExited) victim = "receiver";
            _kills[victim]++;
            report($"{Interlocked.Read(ref _acknowledged):N0} acknowledged; kill {kill}: {victim}");
            switch (victim)
            {
                case "broker":
                    await KillAsync(_broker, cancellationToken);
                    await StartBrokerAsync(Port().Match(_connectionString).Groups["port"].Value, cancellationToken);
                    break;
                case "sender":
                    await KillAsync(_senders[number], cancellationToken);
                    StartSender(number);
                    break;
                default:
                    await KillAsync(_receivers[number], cancellationToken);
                    StartReceiver(number);
                    break;
            }
        }
    }

    private async Task<long> WaitUntilEmptyAsync(CancellationToken cancellationToken)
    {
        var administration = new ServiceBusAdministrationClient(_connectionString);
        (long left, int unchanged) = (-1, 0);
        while (left != 0 && unchanged < 60)   // half a minute without any progress is a fault
        {
            QueueRuntimeProperties queue = await administration.GetQueueRuntimePropertiesAsync(Plan.Queue, cancellationToken);
            unchanged = queue.TotalMessageCount == left ? unchanged + 1 : 0;
            left = queue.TotalMessageCount;
            await Task.Delay(TimeSpan.FromMilliseconds(500), TimeProvider.System, cancellationToken);
        }
        return left;
    }

    private async Task StartBrokerAsync(string port, CancellationToken cancellationToken)
    {
        var serving = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        _broker = Start("HrNetBatch.LocalServiceBus.dll", line =>
        {
            if (Port().IsMatch(line)) serving.TrySetResult(line);
        }, "--config", Path.Combine(folder, "Config.json"), "--data", Path.Combine(folder, "broker"), "--port", port);
        string said = await serving.Task.WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System, cancellationToken);
        _connectionString = said[said.IndexOf("Endpoint=", StringComparison.Ordinal)..];
    }

    private void StartSender(int number) => _senders[number] = Start(
        "HrNetBatch.Endurance.dll", OnProgress, "send", folder, _connectionString,
        number.ToString(CultureInfo.InvariantCulture), plan.PerSession.ToString(CultureInfo.InvariantCulture));

    private void StartReceiver(int number) => _receivers[number] =
        Start("HrNetBatch.Endurance.dll", _ => { }, "receive", folder, _connectionString);

    private void OnProgress(string line)
    {
        if (!int.TryParse(line, CultureInfo.InvariantCulture, out int sent)) return;
        Interlocked.Add(ref _acknowledged, sent);
        _progress.Release();
    }

    private Process Start(string assembly, Action<string> said, params string[] arguments)
    {
        var process = new Process
        {
            StartInfo = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly),
                .. arguments])
            { RedirectStandardOutput = true, RedirectStandardError = true },
        };
        process.OutputDataReceived += (_, line) => said(line.Data ?? "");
        process.ErrorDataReceived += (_, line) =>
        {
            if (!string.IsNullOrEmpty(line.Data)) report(line.Data);
        };
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    private static async Task KillAsync(Process? process, CancellationToken cancellationToken)
    {
        process!.Kill();   // SIGKILL
        await process.WaitForExitAsync(cancellationToken);
        process.Dispose();
    }

    private static void Stop(Process? process)
    {
        try
        {
            process?.Kill();
            process?.Dispose();
        }
        catch (InvalidOperationException)
        {
            // It was stopped already.
        }
    }

    [GeneratedRegex(@"Endpoint=sb://127\.0\.0\.1:(?<port>\d+);")]
    private static partial Regex Port();
}
