using System.CommandLine;
using HrNetBatch.Cli.Predicting;

namespace HrNetBatch.Cli.Commands;

/// <summary><c>hrnet predict FILE… --weights FILE</c></summary>
internal static class PredictCommand
{
    public static Command Create()
    {
        var files = new Argument<string[]>("FILE") { Description = "Images.", Arity = ArgumentArity.OneOrMore };
        var weights = new Option<string>("--weights") { Description = "A checkpoint: .pth or .pth.tar, of this program or of PyTorch.", HelpName = "FILE", Required = true };
        var variant = new Option<string?>("--variant") { Description = "The network that the weights are of. Default: recognised from them.", HelpName = "NAME" };
        var top = new Option<int>("--top") { Description = "Classes named for each image.", DefaultValueFactory = _ => 5, HelpName = "K" };
        var imageSize = new Option<int?>("--image-size") { Description = "Side of the square input, pixels, a multiple of 32. Default: the checkpoint's, else 224.", HelpName = "N" };
        var command = new Command("predict", "Classify local files here, without a stack.") { files, weights, variant, top, imageSize };
        command.SetAction(async (parsed, interrupted) =>
        {
            if (parsed.GetValue(top) < 1) throw new UserException("--top must be 1 or more.", UserException.WrongRequest);
            if (parsed.GetValue(imageSize) is { } size && (size < 32 || size % 32 != 0))
                throw new UserException($"--image-size must be a multiple of 32; {size} is none.", UserException.WrongRequest);
            string[] images = parsed.GetRequiredValue(files);
            using var predictor = Predictor.Load(parsed.GetRequiredValue(weights), parsed.GetValue(variant), parsed.GetValue(imageSize), images.Length);
            bool json = parsed.GetValue(CommandLine.Json);
            int failedCount = 0;
            await foreach (FilePrediction prediction in predictor.PredictAsync(images, parsed.GetValue(top), interrupted))
            {
                if (json) Console.Out.WriteLine(prediction.ToJson());
                else prediction.Show();
                if (prediction.Error is not null) failedCount++;
            }
            return failedCount > 0 ? 1 : 0;
        });
        return command;
    }
}
