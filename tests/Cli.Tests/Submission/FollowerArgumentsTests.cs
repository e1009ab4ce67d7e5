using HrNetBatch.Cli.Submission;

namespace HrNetBatch.Cli.Tests.Submission;

public sealed class FollowerArgumentsTests
{
    [Fact]
    public void Split_CutsAtEveryThen()
    {
        (string[] own, IReadOnlyList<string[]> followers) = FollowerArguments.Split(["train", "--a", "1", "--then", "validate", "--b", "2", "--then", "classify"]);

        Assert.Equal(["train", "--a", "1"], own);
        Assert.Equal([["validate", "--b", "2"], ["classify"]], followers);
    }

    [Fact]
    public void Split_GivesTheWholeCommandsOptionsToTheCommand_WhereverTheyStand()
    {
        (string[] own, IReadOnlyList<string[]> followers) = FollowerArguments.Split(["train", "--then", "classify", "--json", "--stack", "x", "--wait"]);

        Assert.Equal(["train", "--json", "--stack", "x", "--wait"], own);
        Assert.Equal([["classify"]], followers);
    }
}
