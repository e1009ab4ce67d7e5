using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Labels;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Labels;

public sealed class ClassLabelsTests
{
    [Theory]
    [InlineData(0, "tench")]
    [InlineData(207, "golden retriever")]
    [InlineData(281, "tabby")]
    [InlineData(817, "sports car")]
    [InlineData(999, "toilet tissue")]
    public void ImageNetLabels_NameTheClassesThatImageNetHasThere(int index, string name) => Assert.Equal(name, ImageNetLabels.All[index]);

    [Fact]
    public void ImageNetLabels_AreAThousandDifferentNames() => Assert.Equal(1000, ImageNetLabels.All.Distinct(StringComparer.Ordinal).Count());

    [Theory]
    [InlineData(1000, true)]
    [InlineData(999, false)]
    public void Of_GivesImageNetsNames_OnlyToAForeignCheckpointOfAThousandClasses(int classCount, bool hasLabels)
    {
        using Checkpoint foreign = Checkpoint(classCount, card: null);

        Assert.Equal(hasLabels ? ImageNetLabels.All : null, ClassLabels.Of(foreign));
    }

    [Fact]
    public void Of_LeavesOurOwnClassesWithoutNames_WhereNobodyNamedThem()
    {
        using Checkpoint own = Checkpoint(1000, new ModelCard("w18_small_v1", 224, []));
        using Checkpoint named = Checkpoint(2, new ModelCard("w18_small_v1", 224, ["cat", "dog"]));

        Assert.Null(ClassLabels.Of(own));
        Assert.Equal(["cat", "dog"], ClassLabels.Of(named));
    }

    [Fact]
    public void Load_TakesACheckpointWhoseClassesWereNeverNamed()
    {
        using var network = new HrNet(HrNetVariant.Parse("w18_small_v1"), 3);
        using Checkpoint own = Written(CheckpointWriter.ToValue(network.state_dict(), new ModelCard("w18_small_v1", 64, [])));

        using Classifier classifier = Classifier.Load(own, new ClassifierOptions { Device = "cpu", BatchSize = 1, ReplicaCount = 1 });

        Assert.Null(classifier.Labels);
        Assert.Equal((3, 64), (classifier.ClassCount, classifier.ImageSize));
    }

    private static Checkpoint Checkpoint(int classCount, ModelCard? card)
    {
        using Tensor weight = zeros(classCount, 1);
        return Written(CheckpointWriter.ToValue([KeyValuePair.Create("classifier.weight", weight)], card));
    }

    private static Checkpoint Written(CheckpointValue value)
    {
        var stream = new MemoryStream();
        CheckpointWriter.Write(stream, value);
        return CheckpointReader.Read(stream, "weights.pth");
    }
}
