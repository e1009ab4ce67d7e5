using System.CommandLine;
using HrNetBatch.Cli.Inspecting;
using HrNetBatch.Cli.Output;
using HrNetBatch.Model.Checkpoints;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet inspect FILE</c></summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A checkpoint: .pth, .pth.tar or .safetensors, or a blob://… or model:NAME[@VERSION|@TAG] of the stack." };
        var tensors = new Option<bool>("--tensors") { Description = "List every tensor with its shape and type." };
        var command = new Command("inspect", "Say what a checkpoint holds, without running anything of it.") { file, tensors };
        command.SetAction(async (parsed, interrupted) =>
        {
            string name = parsed.GetRequiredValue(file);
            await using Stream stream = await InspectedFile.OpenAsync(name, parsed.GetValue(CommandLine.Stack), interrupted);
            using Checkpoint checkpoint = CheckpointReader.Read(stream, name);
            Inspection inspection = Inspection.Of(checkpoint, parsed.GetValue(tensors));
            if (parsed.GetValue(CommandLine.Json)) Screen.WriteJson(inspection);
            else InspectionText.Show(inspection);
            return 0;
        });
        return command;
    }
}
