using HrNetBatch.Cli.Predicting;
using HrNetBatch.Model.Inference;

namespace HrNetBatch.Cli.Tests.Predicting;

public sealed class FilePredictionTests
{
    [Fact]
    public void ToJson_HasIndexLabelAndProbability_AndSaysNullWhereNoLabelIsKnown()
    {
        var prediction = new FilePrediction("a \"b\"é.png", [new Prediction(3, "cat", 0.75f), new Prediction(0, null, 0.25f)], null);

        Assert.Equal(
            """{"file":"a \"b\"é.png","predictions":[{"index":3,"label":"cat","probability":0.75},{"index":0,"label":null,"probability":0.25}]}""",
            prediction.ToJson());
    }

    [Fact]
    public void ToJson_HasOnlyTheReason_WhenTheFileFailed() =>
        Assert.Equal("""{"file":"a.png","error":"cut off"}""", new FilePrediction("a.png", null, "cut off").ToJson());
}
