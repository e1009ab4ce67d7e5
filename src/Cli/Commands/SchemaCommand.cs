using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Messages;
using HrNetBatch.Kinds;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet schema KIND</c></summary>
internal static class SchemaCommand
{
    private const string Events = "event";

    public static Command Create()
    {
        var kind = new Argument<string>("KIND") { Description = $"One of {KindTable.Default.Names}; or {Events}, what workers tell of jobs." };
        kind.AcceptOnlyFromAmong([.. KindTable.Default.All.Select(known => known.Name).Order(StringComparer.Ordinal), Events]);
        var command = new Command("schema", "Write the JSON Schema of the messages that ask for jobs of a kind.") { kind };
        command.SetAction(parsed => Screen.WriteDocument(JobSchemas.Text(
            parsed.GetRequiredValue(kind) is var name && name == Events ? JobSchemas.OfEvents() : JobSchemas.Of(KindTable.Default.Get(name)))));
        return command;
    }
}
