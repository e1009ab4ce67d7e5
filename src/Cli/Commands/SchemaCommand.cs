using System.CommandLine;
using HrNetBatch.Cli.Output;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Jobs.Contracts.Messages;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet schema KIND</c></summary>
internal static class SchemaCommand
{
    public static Command Create()
    {
        var kind = new Argument<string>("KIND") { Description = $"One of {JobKinds.Default.Names}." };
        var command = new Command("schema", "Write the JSON Schema of the messages that ask for jobs of a kind.") { kind };
        command.SetAction(parsed => Screen.WriteDocument(JobSchemas.Text(JobKinds.Default.Get(parsed.GetRequiredValue(kind)))));
        return command;
    }
}
