using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Checkpoints;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Architecture;

/// <summary>State dicts that look like an HRNet's, with a fixed seed: the network they speak of is recognised and checked, or refused, and never made.</summary>
public sealed class HrNetShapeFuzzTests
{
    private static readonly long[][] Shapes = [[], [0], [1], [0, 0, 0, 0], [int.MaxValue, 0], [8192, 0, 3, 3], [8193, 0], [1, 1, 1, 1, 1], [7]];

    private static readonly string[] Anchors =
        ["layer1.0.conv1.weight", "stage2.0.branches.1.0.conv1.weight", "stage4.0.branches.3.0.conv1.weight", "classifier.weight", "stage3.0.branches.0.0.conv1.weight"];

    [Fact]
    public void Recognize_AndCheck_RefuseWhatDoesNotFit_WhateverIsChanged()
    {
        using var scope = NewDisposeScope();
        IReadOnlyDictionary<string, TensorShape> shapes = HrNetTensors.Of(HrNetArchitecture.Uniform(1, 8, (1, 1, 1), 1, 4), 2);
        Dictionary<string, Tensor> whole = shapes.ToDictionary(pair => pair.Key, pair => zeros(pair.Value.Sizes, dtype: pair.Value.Type));
        string[] names = [.. whole.Keys];
        var random = new Random(11);
        int fitCount = 0;
        for (int i = 0; i < 3000; i++)
        {
            var weights = new Dictionary<string, Tensor>(whole);
            for (int changes = random.Next(3); changes > 0; changes--)
                Change(weights, random.Next(4) == 0 ? names[random.Next(names.Length)] : Anchors[random.Next(Anchors.Length)], random);
            long allocated = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                StateDictLoader.Check(HrNetShape.Recognize(weights), weights);
                fitCount++;
            }
            catch (Exception e) when (e is ArgumentException or CheckpointException)
            {
                Assert.InRange(e.Message.Length, 20, 3000);
            }
            // The names of a network of the largest allowed depth are some ten thousand.
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - allocated, 0, 256 << 20);
        }
        Assert.InRange(fitCount, 1, 2999);
    }

    private static void Change(Dictionary<string, Tensor> weights, string name, Random random)
    {
        switch (random.Next(4))
        {
            case 0:
                weights.Remove(name);
                break;
            case 1:
                weights[name] = zeros(Shapes[random.Next(Shapes.Length)]);
                break;
            case 2: // many modules or blocks: stage2.0.…, stage2.1.…, … all the same
                string[] parts = name.Split('.');
                int at = Array.FindIndex(parts, part => part is "0");
                for (int index = 1; at >= 0 && index < random.Next(1, 400); index++)
                {
                    parts[at] = $"{index}";
                    weights[string.Join('.', parts)] = weights.GetValueOrDefault(name) ?? zeros(1);
                }
                break;
            default:
                weights[name + "x"] = zeros(1);
                break;
        }
    }
}
