using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Cli.Output;
using HrNetBatch.Kinds.Train;

namespace HrNetBatch.Cli.Submission;

/// <summary>Fills what was not typed of a train job from a recipe, and says so.</summary>
internal static class RecipeOptions
{
    /// <summary>Adds the recipe's fields to those that were typed.</summary>
    /// <exception cref="UserException">There is no such recipe, or it needs what was not typed.</exception>
    public static void Fill(JsonObject arguments, string name)
    {
        NamedRecipe recipe = Find(name);
        string[] missing = [.. recipe.Needs.Where(field => !arguments.ContainsKey(field) && !recipe.Arguments.ContainsKey(field)).Select(OptionName.Of)];
        if (missing.Length > 0)
            throw new UserException($"The recipe {name} needs {string.Join(" and ", missing)}.", UserException.WrongRequest);

        List<string> typed = [.. recipe.Arguments.Select(field => field.Key).Where(arguments.ContainsKey)];
        if (HoldsNoMicroBatch(arguments, recipe.Arguments)) typed.Add("microBatchSize");
        Screen.Say($"{name}: {recipe.About}");
        if (typed.Count > 0) Screen.Say($"Typed options stand over the recipe: {string.Join(", ", typed.Select(OptionName.Of))}.");
        foreach ((string field, JsonNode? value) in recipe.Arguments)
        {
            if (!typed.Contains(field)) arguments[field] = value?.DeepClone();
        }
    }

    /// <summary>Whether a batch was typed that is smaller than the parts which the fields would have it go through the network in.</summary>
    public static bool HoldsNoMicroBatch(JsonObject typed, JsonObject fields) =>
        !typed.ContainsKey("microBatchSize")
        && Number(typed["batchSize"]) is { } batch && Number(fields["microBatchSize"]) is { } part && batch < part;

    private static long? Number(JsonNode? node) => long.TryParse(node?.ToJsonString(), CultureInfo.InvariantCulture, out long number) ? number : null;

    private static NamedRecipe Find(string name)
    {
        if (NamedRecipe.Find(name) is { } known) return known;
        if (!name.EndsWith(".json", StringComparison.Ordinal))
            throw new UserException($"There is no recipe {name}; there are {string.Join(", ", NamedRecipe.Names)}, and files that end in .json.", UserException.WrongRequest);
        try
        {
            using FileStream file = LocalFile.Open(name, "The recipe");
            return NamedRecipe.Read(file);
        }
        catch (JsonException exception)
        {
            throw new UserException($"{name} is no recipe: {JsonFault.Of(exception)}. A recipe is {{\"about\": \"…\", \"needs\": [\"teacher\"], \"arguments\": {{…}}}}.", UserException.WrongRequest);
        }
    }
}
