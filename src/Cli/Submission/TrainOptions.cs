using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using HrNetBatch.Cli.Output;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;

namespace HrNetBatch.Cli.Submission;

/// <summary>The options of a train job, with two that fill what was not typed: <c>--recipe</c> from a recipe by name, <c>--config</c> from a configuration of the original.</summary>
internal sealed class TrainOptions : JobOptions<TrainArguments>
{
    private readonly Option<string[]> _config = new("--config")
    {
        Description = "Take network and recipe from a configuration of the original project (experiments/*.yaml), with its keys overridden as in "
            + "TRAIN.LR=0.1. Options that are typed besides stand over it.",
        HelpName = "FILE.yaml KEY=VALUE…",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<string> _recipe = new("--recipe")
    {
        Description = $"Take the recipe of this name ({string.Join(", ", NamedRecipe.Names)}), or of a .json file made like them. Options that are typed besides stand over it.",
        HelpName = "NAME",
    };

    public override void AddTo(Command command)
    {
        base.AddTo(command);
        command.Options.Add(_recipe);
        command.Options.Add(_config);
    }

    protected override void Complete(JsonObject arguments, ParseResult parsed)
    {
        (string? recipe, string[]? config) = (parsed.GetValue(_recipe), parsed.GetValue(_config));
        if (recipe is not null && config is { Length: > 0 })
            throw new UserException("Give --recipe or --config, not both: each is a whole recipe.", UserException.WrongRequest);
        if (recipe is not null)
            RecipeOptions.Fill(arguments, recipe);
        else if (config is [var file, .. var overrides])
            Fill(arguments, file, overrides);
    }

    private static void Fill(JsonObject arguments, string file, string[] overrides)
    {
        ExperimentConfig config = Read(file, overrides);
        JsonObject fields = ExperimentArguments.Of(config);
        List<string> typed = [.. fields.Select(field => field.Key).Where(arguments.ContainsKey)];

        // Two fields say what the network is, and two how many classes there are: the typed one makes the other meaningless.
        if (arguments.ContainsKey("variant") || arguments.ContainsKey("architecture")) Drop("variant", "architecture");
        if (arguments.ContainsKey("labels")) Drop("classCount");
        if (RecipeOptions.HoldsNoMicroBatch(arguments, fields)) Drop("microBatchSize");
        foreach (string name in typed) fields.Remove(name);

        Screen.Say(Summary(config, fields));
        if (typed.Count > 0) Screen.Say($"Typed options stand over the file: {string.Join(", ", typed.Distinct().Select(OptionName.Of))}.");
        foreach (string remark in config.Remarks) Screen.Say(remark);
        foreach ((string name, JsonNode? value) in fields) arguments[name] = value!.DeepClone();

        void Drop(params string[] names) => typed.AddRange(names.Where(fields.ContainsKey));
    }

    private static ExperimentConfig Read(string file, string[] overrides)
    {
        using var yaml = new StreamReader(LocalFile.Open(file, "The configuration"));
        return ExperimentConfig.Read(yaml, Path.GetFileName(file), overrides);
    }

    private static string Summary(ExperimentConfig config, JsonObject fields)
    {
        IEnumerable<string> said = fields.Select(field => field.Key switch
        {
            "architecture" => $"a custom network ({config.Architecture})",
            "batchSize" => $"batchSize {config.BatchSize} ({config.BatchSizePerGpu} on each of {config.GpuCount} GPUS)",
            _ => $"{field.Key} {field.Value!.ToString().ReplaceLineEndings("").Replace(" ", "", StringComparison.Ordinal)}",
        });
        string given = $"{config.Name} gives {string.Join(", ", said)}.";
        if (!fields.ContainsKey("variant") && !fields.ContainsKey("architecture")) return given;
        var cost = ModelCost.Of(config.Architecture, config.ClassCount, config.ImageSize);
        string network = string.Create(CultureInfo.InvariantCulture,
            $"The network has {cost.ParameterCount / 1e6:0.0} M parameters; an image of {config.ImageSize}×{config.ImageSize} takes {cost.OriginalGFlops:0.00} GFLOPs as the original counts, {cost.TimmGMacs:0.00} GMACs as timm does.");
        return $"{given} {network}";
    }
}
