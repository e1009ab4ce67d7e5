using HrNetBatch.Jobs.Contracts;
using HrNetBatch.Kinds;
using HrNetBatch.Kinds.Models;
using HrNetBatch.Kinds.Validate;

namespace HrNetBatch.Jobs.Tests.Models;

public sealed class CheckpointReferenceTests
{
    [Theory]
    [InlineData("blob://local/runs/model_best.pth.tar")]
    [InlineData("model:flowers@3")]
    public void Parse_ReadsBlobsAndModels(string text) => Assert.Equal(text, CheckpointReference.Parse(text).ToString());

    [Theory]
    [InlineData("model_best.pth", "names no checkpoint")]
    [InlineData("blob://local", "names no container")]
    [InlineData("model:A", "lower-case")]
    public void Arguments_AreRefused_WithTheFieldAndTheReason(string checkpoint, string expected)
    {
        JobRequest request = JobRequest.For(new ValidateArguments { Checkpoint = checkpoint, Data = "blob://local/shards/" });

        var refused = Assert.Throws<JobArgumentsException>(() => KindTable.Default.Parse(request.Kind, request.Arguments));

        Assert.StartsWith("checkpoint: ", Assert.Single(refused.Faults), StringComparison.Ordinal);
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }
}
