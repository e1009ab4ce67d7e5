using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using HrNetBatch.Model.Architecture;
using HrNetBatch.Model.Configuration;
using HrNetBatch.Model.Inference;
using HrNetBatch.Model.Inference.Winograd;
using HrNetBatch.Model.Native;
using HrNetBatch.Model.Tests.Goldens;
using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Tests.Inference;

/// <summary>Every variant, and a network beyond them, against the original Python network, with the same weights and images: see Goldens/network_logits.py.</summary>
[Collection(nameof(TorchThreads))]
public sealed class NetworkParityTests
{
    private const double Tolerance = 1e-3;

    private static readonly Golden Expected = JsonSerializer.Deserialize<Golden>(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Goldens", "network_logits.json")))!;

    public static TheoryData<string> Names => [.. HrNetVariant.All.Select(variant => variant.Name), "custom"];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Network_AnswersAsTheOriginal_EagerFoldedFusedAndWinograd(string name)
    {
        using var replica = new TorchThreads(count: 1, threadsEach: 1); // the other core is for the other tests
        await replica.RunAsync(() => AnswersAsTheOriginal(name), TestContext.Current.CancellationToken);
    }

    private static bool AnswersAsTheOriginal(string name)
    {
        HrNetArchitecture architecture = name == "custom" ? Custom() : HrNetVariant.Parse(name).Architecture;
        GoldenVariant expected = Expected.Variants[name];
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGradients = no_grad();
        using var network = new HrNet(architecture, 1000);
        network.eval();
        FormulaWeights.Fill(network);
        Dictionary<string, Tensor> stateDict = network.state_dict();
        Tensor images = FormulaWeights.Images();

        Assert.Equal(expected.ParameterCount, HrNetVariant.Of(architecture)?.ParameterCount ?? expected.ParameterCount);
        Assert.Equal(expected.ParameterCount, network.parameters().Sum(parameter => parameter.numel()));
        Assert.Equal(expected.StateDictSha256, HashOfNamesAndShapes(stateDict));
        Assert.Equal(new HrNetShape(architecture, 1000), HrNetShape.Recognize(stateDict));

        AssertSame(expected, network.call(images), "eager");
        foreach (bool fused in name == "w18_small_v1" ? (bool[])[false, true] : [true])
        {
            using var folded = new FoldedHrNet(stateDict, architecture, images.shape, CPU, fused);
            AssertSame(expected, folded.Forward(images), fused ? "fused" : "folded");
        }
        using var winograd = new WinogradHrNet(stateDict, architecture);
        float[] answers = winograd.Logits(images.contiguous().data<float>().ToArray(), (int)images.shape[0], (int)images.shape[2], (int)images.shape[3]);
        AssertSame(expected, tensor(answers, images.shape[0], 1000), "Winograd");
        return true;
    }

    private static HrNetArchitecture Custom()
    {
        using StreamReader file = File.OpenText(Path.Combine(AppContext.BaseDirectory, "Goldens", "custom.yaml"));
        return ExperimentConfig.Read(file, "custom.yaml").Architecture;
    }

    private static void AssertSame(GoldenVariant expected, Tensor logits, string way)
    {
        for (int image = 0; image < expected.Logits.Length; image++)
        {
            for (int i = 0; i < Expected.Classes.Length; i++)
            {
                float actual = logits[image, Expected.Classes[i]].ToSingle();
                Assert.True(Math.Abs(actual - expected.Logits[image][i]) <= Tolerance,
                    $"{way}: image {image}, class {Expected.Classes[i]}: {actual} instead of {expected.Logits[image][i]}");
            }
            Assert.Equal(expected.Top5[image], logits[image].topk(5).indexes.data<long>().ToArray());
        }
    }

    private static string HashOfNamesAndShapes(Dictionary<string, Tensor> stateDict)
    {
        IEnumerable<string> lines = stateDict.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => $"{entry.Key} {string.Join(',', entry.Value.shape)}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(lines))));
    }

    private sealed record Golden(
        [property: JsonPropertyName("classes")] int[] Classes,
        [property: JsonPropertyName("variants")] Dictionary<string, GoldenVariant> Variants);

    private sealed record GoldenVariant(
        [property: JsonPropertyName("parameter_count")] long ParameterCount,
        [property: JsonPropertyName("state_dict_sha256")] string StateDictSha256,
        [property: JsonPropertyName("top5")] long[][] Top5,
        [property: JsonPropertyName("logits")] float[][] Logits);
}
