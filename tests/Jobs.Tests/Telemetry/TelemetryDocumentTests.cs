using System.Diagnostics.Metrics;
using HrNetBatch.Jobs.Telemetry;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Telemetry;

public sealed class TelemetryDocumentTests
{
    [Fact]
    public async Task Document_ListsEveryInstrumentWithItsUnit()
    {
        List<string> instruments = [];
        using (MeterListener listener = new() { InstrumentPublished = (instrument, _) => Note(instrument, instruments) })
        {
            System.Runtime.CompilerServices.RuntimeHelpers.RunClassConstructor(typeof(HrNetTelemetry).TypeHandle);
            listener.Start();
        }

        string[] lines = await File.ReadAllLinesAsync(Path.Combine(Repository.Root, "docs", "telemetry.md"), TestContext.Current.CancellationToken);
        string[] documented = [.. lines
            .Where(line => line.StartsWith("| `hrnetbatch.", StringComparison.Ordinal))
            .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
            .Select(cells => $"{cells[1].Trim('`')} {cells[3].Trim('`')}")];

        Assert.NotEmpty(instruments);
        Assert.Equal(instruments.Order(StringComparer.Ordinal), documented.Order(StringComparer.Ordinal));
    }

    private static void Note(Instrument instrument, List<string> instruments)
    {
        if (instrument.Meter.Name == HrNetTelemetry.Name)
            instruments.Add($"{instrument.Name} {instrument.Unit}");
    }
}
