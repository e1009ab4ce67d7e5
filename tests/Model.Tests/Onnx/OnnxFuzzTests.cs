using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Onnx;
using HrNetBatch.Model.Onnx.Format;
using HrNetBatch.TestKit;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Onnx;

/// <summary>Networks of any shape, with any weights and labels, written, read back and run. The seed is the same each time.</summary>
public sealed class OnnxFuzzTests : IDisposable
{
    private const int NetworkCount = 8;

    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void File_HoldsTheNetwork_WhateverItsShape()
    {
        var random = new Random(4);
        for (int i = 0; i < NetworkCount; i++)
        {
            HrNetArchitecture architecture = Architecture(random);
            int classCount = random.Next(1, 40), imageSize = 32 * random.Next(1, 4);
            bool foldsBatchNorm = random.Next(2) == 0;
            string[]? labels = random.Next(3) == 0 ? null : [.. Enumerable.Range(0, classCount).Select(_ => Text(random))];
            using var network = new HrNet(architecture, classCount, random.NextInt64());
            network.eval();
            Disturb(network, random.NextInt64());
            var description = new OnnxDescription("custom", imageSize, labels, SourceSha256: null);
            string file = _folder.File($"{i}.onnx");

            using (FileStream stream = File.Create(file))
                OnnxWriter.Write(stream, network, description, foldsBatchNorm);

            ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
            AssertSound(model, description);
            if (!foldsBatchNorm)
                AssertHolds(model, network);
            OnnxCheck.Compare(file, network, imageSize, threadCount: 1); // throws where it differs
        }
    }

    public void Dispose() => _folder.Dispose();

    private static HrNetArchitecture Architecture(Random random)
    {
        return new(new(random.Next(1, 3), random.Next(1, 20)), Stage(2), Stage(3), Stage(4));

        HrNetStage Stage(int branchCount) => new(random.Next(1, 3),
            [.. Enumerable.Range(0, branchCount).Select(_ => random.Next(1, 3))], [.. Enumerable.Range(0, branchCount).Select(_ => random.Next(1, 24))]);
    }

    // Statistics and scales such as training leaves, so that folding has something to fold.
    private static void Disturb(HrNet network, long seed)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var random = new Generator((ulong)seed);
        foreach ((string name, Tensor values) in network.state_dict())
        {
            if (name.EndsWith("running_var", StringComparison.Ordinal))
                values.uniform_(0.5, 2, random);
            else if (values.dim() == 1 && name.EndsWith("weight", StringComparison.Ordinal))
                values.uniform_(0.5, 1.5, random);
            else if (values.dim() == 1)
                values.uniform_(-0.5, 0.5, random);
        }
    }

    // Any characters but half surrogates, which no encoding of text can hold.
    private static string Text(Random random) =>
        new([.. Enumerable.Range(0, random.Next(0, 12)).Select(_ => (char)random.Next(0, 0xD800))]);

    private static void AssertSound(ModelProto model, OnnxDescription description)
    {
        HashSet<string> known = [.. model.Graph.Input.Select(input => input.Name), .. model.Graph.Initializer.Select(weights => weights.Name), ""];
        Assert.Equal(model.Graph.Initializer.Count, model.Graph.Initializer.Select(weights => weights.Name).Distinct().Count());
        foreach (NodeProto node in model.Graph.Node)
        {
            Assert.All(node.Input, input => Assert.Contains(input, known));
            Assert.True(known.Add(Assert.Single(node.Output)), $"{node.Name} is written twice");
        }
        Assert.All(model.Graph.Output, output => Assert.Contains(output.Name, known));
        Assert.All(model.Graph.Initializer, weights => Assert.Equal(weights.Dims.Aggregate(4L, (bytes, size) => bytes * size), weights.RawData.Length));
        Dictionary<string, string> said = model.MetadataProps.ToDictionary(entry => entry.Key, entry => entry.Value);
        Assert.All(description.ToMetadata(), entry => Assert.Equal(entry.Value, said[entry.Key]));
        if (description.Labels is { } labels)
            Assert.Equal(labels, System.Text.Json.JsonSerializer.Deserialize<string[]>(said["labels"])!);
        else
            Assert.DoesNotContain("labels", said.Keys);
    }

    private static void AssertHolds(ModelProto model, HrNet network)
    {
        Dictionary<string, TensorProto> written = model.Graph.Initializer.ToDictionary(weights => weights.Name);
        foreach ((string name, Tensor expected) in network.state_dict())
        {
            if (expected.dim() == 0)
                continue; // counts training steps
            using Tensor plain = expected.contiguous();
            Assert.Equal(plain.shape, written[name].Dims);
            Assert.True(written[name].RawData.Span.SequenceEqual(plain.bytes), name);
        }
    }
}
