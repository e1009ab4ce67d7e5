using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Labels;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Labels;

public sealed class ClassMatchingTests
{
    private static readonly string[] Wnids = [.. Enumerable.Range(0, 1000).Select(index => $"n{10_000_000 + index}")];

    [Theory]
    [InlineData("ant bee cat", "ant bee cat", null)]
    [InlineData("ant bee cat", "cat bee ant", "2 1 0")]
    [InlineData("ant bee cat", "bee cat ant", "2 0 1")]
    [InlineData("0 1 2", "ant bee cat", null)]          // folders called by the numbers of the classes
    [InlineData("0 1 10", "10 1 0", "2 1 0")]           // names first, numbers where no name is known
    public void Match_FindsEachClass_ByItsName(string data, string known, string? expected) =>
        Assert.Equal(expected, Indices(ClassMatching.Match(Data(data), Known(known), allowsSubset: false)));

    /// <summary>Whoever has the classes is named where a sentence begins, and amid one.</summary>
    [Fact]
    public void Match_WritesOwnersSmallAmidASentence_AndLargeWhereOneBegins()
    {
        ClassMatching.TryMatch(new ClassList("model.pth", ["owl"]), new ClassList("the split train in made", ["ant", "bee"]), allowsSubset: true, out string fault);

        Assert.StartsWith("model.pth has classes that the split train in made lacks: owl. model.pth has 1: owl. The split train in made has 2: ant, bee.", fault, StringComparison.Ordinal);
        Assert.Equal("The split val in made has 1 class without names.", $"{new ClassList("the split val in made", null, 1)}");
    }

    [Theory]
    [InlineData("bee cat", "ant bee cat", "1 2")]
    [InlineData("cat ant", "ant bee cat", "2 0")]
    [InlineData("2", "ant bee cat", "2")]
    public void Match_AllowsASubset_WhereItsMeaningIsClear(string data, string known, string expected)
    {
        ClassMap map = ClassMatching.Match(Data(data), Known(known), allowsSubset: true);

        Assert.Equal(expected, Indices(map));
        Assert.Equal(data.Split(' '), map.ByName!.Keys);
        Assert.Equal(map.Indices, map.ByName!.Values);
    }

    [Theory]
    [InlineData("ant bee cat", "rose tulip daisy", true, "--data d has classes that --labels lacks: ant, bee, cat. --data d has 3: ant, bee, cat. --labels has 3: rose, tulip, daisy.")]
    [InlineData("Ant bee", "ant bee", true, "lacks: Ant.")]
    [InlineData("ant bee", "ant bee cat", false, "--data d lacks classes of --labels: cat.")]
    [InlineData("ant bee", "ant ant bee", true, "--labels names 'ant' twice")]
    [InlineData("ant bee ant", "ant bee", true, "--data d names 'ant' twice")]
    [InlineData("3", "ant bee cat", true, "lacks: 3.")]
    [InlineData("0 1", "ant bee cat", false, "lacks: 0, 1.")]
    public void Match_RefusesWithBothLists_WhatIsNotTheSame(string data, string known, bool allowsSubset, string expected) =>
        Assert.Contains(expected, Assert.Throws<ClassNamesException>(() => ClassMatching.Match(Data(data), Known(known), allowsSubset)).Message, StringComparison.Ordinal);

    [Fact]
    public void Match_LeavesNumbersAsTheyAre_WhereNobodyNamedThem()
    {
        Assert.Null(ClassMatching.Match(new ClassList("--data d", null), Known("cat ant"), allowsSubset: false).Indices);
        Assert.Null(ClassMatching.Match(Data("ant bee cat"), Nameless(3), allowsSubset: false).Indices);
        Assert.Equal("0 2", Indices(ClassMatching.Match(Data("0 2"), Nameless(3), allowsSubset: true)));
        Assert.Contains(
            "--data d has 2: ant, bee. --labels has 3 classes without names. Nothing says which of the 3 these are",
            Assert.Throws<ClassNamesException>(() => ClassMatching.Match(Data("ant bee"), Nameless(3), allowsSubset: true)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Match_TakesAllOfImageNetsFoldersByTheirOrder_AndRefusesSome()
    {
        var imageNet = new ClassList("--checkpoint c", ImageNetLabels.All);

        Assert.Null(ClassMatching.Match(new ClassList("--data d", Wnids), imageNet, allowsSubset: true).Indices);
        Assert.Null(ClassMatching.Match(imageNet, new ClassList("--checkpoint c", Wnids), allowsSubset: false).Indices);
        Assert.Equal("2 7", Indices(ClassMatching.Match(new ClassList("--data d", [Wnids[2], Wnids[7]]), new ClassList("--checkpoint c", Wnids), allowsSubset: true)));
        string refusal = Assert.Throws<ClassNamesException>(() => ClassMatching.Match(new ClassList("--data d", Wnids[..100]), imageNet, allowsSubset: true)).Message;
        Assert.Contains("which of the 1,000 these are is not", refusal, StringComparison.Ordinal);
        Assert.True(refusal.Length < 600, refusal);
    }

    [Theory]
    [InlineData("10 1 0 2 3 4 5 6 7 8 9", "0 1 2 3 4 5 6 7 8 9 10")]
    [InlineData("1 10 2", "1 10 2")]                    // not the numbers from 0 on: as torchvision sorts them
    [InlineData("01 00 02", "00 01 02")]
    [InlineData("b Z a", "Z a b")]
    [InlineData("0 00 1", "0 00 1")]
    public void Order_TakesTheNumberForTheIndex_WhereTheFoldersAreNumbersFromZeroOn(string folders, string expected) =>
        Assert.Equal(expected.Split(' '), ClassNumbers.Order(folders.Split(' ')));

    [Theory]
    [InlineData("0 1 2", false)]
    [InlineData("0 1 2 3 4 5 6 7 8 9 10", true)]
    [InlineData("1 10 2", false)]
    [InlineData("b a", false)]
    public void WereOtherwise_SaysWhichFoldersEarlierVersionsNumberedOtherwise(string classes, bool expected) =>
        Assert.Equal(expected, ClassNumbers.WereOtherwise(classes.Split(' ')));

    [Fact]
    public void Reorder_GivesEachClassItsRow()
    {
        using var network = new HrNet(HrNetArchitecture.Uniform(1, 4, (1, 1, 1), 1, 4), 3, seed: 1);
        using var scope = NewDisposeScope();
        Tensor weight = network.state_dict()["classifier.weight"].clone(), bias = network.state_dict()["classifier.bias"].clone();

        ClassifierRows.Reorder(network, [2, 0, 1]);

        foreach ((int to, int from) in new[] { 2, 0, 1 }.Index())
        {
            Assert.True(network.state_dict()["classifier.weight"][to].eq(weight[from]).all().ToBoolean());
            Assert.Equal(bias[from].item<float>(), network.state_dict()["classifier.bias"][to].item<float>());
        }
    }

    private static ClassList Data(string names) => new("--data d", names.Split(' '));

    private static ClassList Known(string names) => new("--labels", names.Split(' '));

    private static ClassList Nameless(int count) => new("--labels", null, count);

    private static string? Indices(ClassMap map) => map.Indices is null ? null : string.Join(' ', map.Indices);
}
