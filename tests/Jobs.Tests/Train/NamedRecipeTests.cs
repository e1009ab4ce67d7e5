using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Train;
using HrNetBatch.Model.Training;
using HrNetBatch.TestKit;

namespace HrNetBatch.Jobs.Tests.Train;

public sealed class NamedRecipeTests
{
    public static TheoryData<string> Names => [.. NamedRecipe.Names];

    [Fact]
    public void Names_AreThoseOfTheFolder()
        => Assert.Equal(Directory.GetFiles(Path.Combine(Repository.Root, "recipes"), "*.json").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal), NamedRecipe.Names);

    [Theory]
    [MemberData(nameof(Names))]
    public void EachRecipe_MakesAJob_WithWhatItNeeds(string name)
    {
        NamedRecipe recipe = NamedRecipe.Find(name)!;

        TrainArguments arguments = Parse(recipe);

        JsonObject read = JsonSerializer.SerializeToNode(arguments, JobJson.Options)!.AsObject();
        foreach ((string field, JsonNode? value) in recipe.Arguments)
            Assert.True(JsonNode.DeepEquals(value, read[field]) || (double)value! == (double)read[field]!, $"{field} is {read[field]}");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EachRecipe_StandsInTheDocumentation(string name)
        => Assert.Contains($"`{name}`", File.ReadAllText(Path.Combine(Repository.Root, "docs", "training.md")), StringComparison.Ordinal);

    [Fact]
    public void Original_IsWhatTheArgumentsAre_InPartsOfOneGpu_AndWithTheLastBatch()
        => Assert.Equal(JsonNode.Parse(Json(Parse(NamedRecipe.Find("original-100")!) with { MicroBatchSize = null, LastBatch = LastBatch.Drop }))!.ToJsonString(), JsonNode.Parse(Json(Parse(new NamedRecipe { About = "", Arguments = [] })))!.ToJsonString());

    [Theory]
    [InlineData("original-100", LastBatch.Keep)]
    [InlineData("cosine-cutmix-300", LastBatch.Drop)]
    [InlineData("distil", LastBatch.Drop)]
    [InlineData("fine-tune", LastBatch.Drop)]
    public void EachRecipe_SaysWhatBecomesOfTheLastBatch(string name, LastBatch expected)
    {
        Assert.True(NamedRecipe.Find(name)!.Arguments.ContainsKey("lastBatch"));
        Assert.Equal(expected, Parse(NamedRecipe.Find(name)!).LastBatch);
    }

    [Fact]
    public void FineTune_FollowsItsRunToTheEnd_HoweverShortItIs()
    {
        TrainingOptions options = new TrainingOptions(Parse(NamedRecipe.Find("fine-tune")!)).ForSamples(200);

        Assert.Equal((3, 9), (options.StepsPerEpoch, options.WarmUpSteps));
        Assert.Equal(options.LearningRate, LearningRate.At(options, 2, 8), 1e-4);
        Assert.InRange(LearningRate.At(options, 29, 89), 0, options.LearningRate / 1000);
    }

    [Fact]
    public void Read_RefusesWhatIsNoRecipe()
    {
        Assert.Throws<JsonException>(() => NamedRecipe.Read(new MemoryStream("""{"epochCount": 3}"""u8.ToArray())));
        Assert.Throws<JsonException>(() => NamedRecipe.Read(new MemoryStream(Encoding.UTF8.GetBytes("null"))));
    }

    private static string Json(TrainArguments arguments) => JsonSerializer.Serialize(arguments, JobJson.Options);

    private static TrainArguments Parse(NamedRecipe recipe)
    {
        JsonObject fields = recipe.Arguments.DeepClone().AsObject();
        fields["data"] = "blob://local/data/t.tar";
        fields["output"] = "blob://local/runs/";
        fields["variant"] = "w18";
        fields["classCount"] = 3;
        foreach (string needed in recipe.Needs)
            fields[needed] = "model:flowers";
        return (TrainArguments)KindTable.Default.Parse("train", JsonSerializer.SerializeToElement(fields));
    }
}
