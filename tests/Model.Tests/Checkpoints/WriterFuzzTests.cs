using HrNetBatch.Model.Checkpoints;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Checkpoints;

/// <summary>Random values and weights, with fixed seeds, come back from the files that they were written to.</summary>
public sealed class WriterFuzzTests
{
    private const int ValueCount = 300;
    private static readonly ScalarType[] Types =
    [
        ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16,
        ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
    ];

    private static readonly string[] Names = ["", "w", "module_", "höhe", "日本", "a\"b\\c", "👍🏽", "../../x", "__metadata_", new('x', 200)];
    private static readonly string[] Texts = ["", "w", "module_", "höhe", "日本", "a\"b\\c\n\t\0", "👍🏽", "../../x", "__metadata_", new('x', 5000)];

    [Fact]
    public void Zip_GivesBackEveryTree()
    {
        var random = new Random(7);
        for (int i = 0; i < ValueCount; i++)
        {
            using var scope = NewDisposeScope();
            var root = new CheckpointDictionary { { "extra", RandomValue(random, 0) }, { "state_dict", CheckpointWriter.ToValue(RandomWeights(random)) } };
            using Checkpoint copy = GoldenFiles.Read(CheckpointWriterTests.Write(root));
            AssertSame(root, copy.Value);
        }
    }

    [Fact]
    public void Safetensors_GivesBackAllWeights()
    {
        var random = new Random(8);
        for (int i = 0; i < ValueCount; i++)
        {
            using var scope = NewDisposeScope();
            Dictionary<string, Tensor> weights = RandomWeights(random);
            ModelCard? card = random.Next(2) == 0 ? null : new ModelCard("w18", random.Next(1, 2048) * 32, [.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomText(random))]);
            using Checkpoint copy = GoldenFiles.Read(SafetensorsTests.Write(weights, card));
            AssertSame(CheckpointWriter.ToValue(weights.OrderBy(pair => pair.Key, StringComparer.Ordinal)), CheckpointWriter.ToValue(copy.StateDict.OrderBy(pair => pair.Key, StringComparer.Ordinal)));
            Assert.Equal((card?.Variant, card?.ImageSize), (copy.Card?.Variant, copy.Card?.ImageSize));
            Assert.Equal(card?.Labels, copy.Card?.Labels);
        }
    }

    private static Dictionary<string, Tensor> RandomWeights(Random random)
    {
        var weights = new Dictionary<string, Tensor>(StringComparer.Ordinal);
        for (int count = random.Next(1, 6); count > 0; count--)
            weights[Names[random.Next(Names.Length)] + count] = RandomTensor(random);
        return weights;
    }

    private static Tensor RandomTensor(Random random)
    {
        long[] shape = [.. Enumerable.Range(0, random.Next(5)).Select(_ => random.NextInt64(0, 5))];
        Tensor tensor = arange(shape.Aggregate(1L, (count, size) => count * size)).remainder(random.Next(2, 100)).reshape(shape).to(Types[random.Next(Types.Length)]);
        return shape.Length > 1 && random.Next(3) == 0 ? tensor.transpose(0, 1) : shape.Length > 0 && shape[0] > 1 && random.Next(3) == 0 ? tensor[1..] : tensor;
    }

    private static CheckpointValue RandomValue(Random random, int depth)
    {
        int kind = random.Next(depth < 4 ? 9 : 6);
        switch (kind)
        {
            case 0:
                return CheckpointNone.Instance;
            case 1:
                return random.Next(2) == 0;
            case 2:
                return random.Next(3) switch { 0 => random.NextInt64(long.MinValue, long.MaxValue), 1 => random.Next(), _ => (long)int.MinValue - random.Next(3) };
            case 3:
                return random.Next(4) switch { 0 => double.NaN, 1 => double.NegativeInfinity, _ => random.NextDouble() };
            case 4:
                return RandomText(random);
            case 5:
                return RandomTensor(random);
            case 6:
                return new CheckpointList([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1))]);
            case 7:
                return new CheckpointTuple([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomValue(random, depth + 1))]);
            default:
                var dictionary = new CheckpointDictionary { IsOrdered = random.Next(2) == 0 };
                for (int count = random.Next(4); count > 0; count--)
                {
                    if (random.Next(2) == 0)
                        dictionary.Add(RandomText(random), RandomValue(random, depth + 1));
                    else
                        dictionary.Add(random.NextInt64(), RandomValue(random, depth + 1));
                }
                return dictionary;
        }
    }

    private static string RandomText(Random random) => Texts[random.Next(Texts.Length)];

    private static void AssertSame(CheckpointValue expected, CheckpointValue actual)
    {
        switch (expected, actual)
        {
            case (CheckpointDictionary a, CheckpointDictionary b):
                Assert.Equal(a.IsOrdered, b.IsOrdered);
                Assert.Equal(a.Select(entry => entry.Key), b.Select(entry => entry.Key));
                foreach ((KeyValuePair<CheckpointValue, CheckpointValue> x, KeyValuePair<CheckpointValue, CheckpointValue> y) in a.Zip(b))
                    AssertSame(x.Value, y.Value);
                break;
            case (CheckpointList a, CheckpointList b):
                AssertSame(a.Items, b.Items);
                break;
            case (CheckpointTuple a, CheckpointTuple b):
                AssertSame(a.Items, b.Items);
                break;
            case (CheckpointTensor a, CheckpointTensor b):
                Assert.Equal(a.Tensor.dtype, b.Tensor.dtype);
                Assert.Equal(a.Tensor.shape, b.Tensor.shape);
                Assert.Equal(GoldenFiles.Floats(a.Tensor), GoldenFiles.Floats(b.Tensor));
                break;
            default:
                Assert.Equal(expected, actual);
                break;
        }
    }

    private static void AssertSame(IReadOnlyList<CheckpointValue> expected, IReadOnlyList<CheckpointValue> actual)
    {
        Assert.Equal(expected.Count, actual.Count);
        foreach ((CheckpointValue x, CheckpointValue y) in expected.Zip(actual))
            AssertSame(x, y);
    }
}
