using System.Globalization;
using HrNetBatch.Model.Checkpoints.Pickle;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Checkpoints;

/// <summary>Turns the interpreter's nodes into the final tree, tensors included. Values that share, nest or loop without bound are refused here.</summary>
internal sealed class TreeBuilder(IReadOnlyDictionary<string, Tensor> storages)
{
    private readonly Dictionary<PickledTensor, CheckpointTensor> _tensors = new(ReferenceEqualityComparer.Instance);
    private readonly Int128 _elementLimit = storages.Values.Aggregate((Int128)0, (sum, storage) => sum + storage.numel()) * PickleLimits.SharingCount + PickleLimits.ValueCount;
    private Int128 _elementCount;
    private int _valueCount;

    /// <summary>Every tensor made so far, each once.</summary>
    public IEnumerable<Tensor> Tensors => _tensors.Values.Select(value => value.Tensor);

    public CheckpointValue Build(object? node, int depth = 0)
    {
        // A list that holds itself, or the tenth power of ten shared tuples, would be walked for ever.
        if (depth > PickleLimits.TreeDepth || ++_valueCount > PickleLimits.ValueCount)
            throw TooMuch();
        switch (node)
        {
            case null:
                return CheckpointNone.Instance;
            case bool value:
                return value;
            case long value:
                return value;
            case double value:
                return value;
            case string value:
                return value;
            case object?[] tuple:
                Expect(tuple.Length);
                return new CheckpointTuple(Array.ConvertAll(tuple, item => Build(item, depth + 1)));
            case PickledList list:
                Expect(list.Items.Count);
                return new CheckpointList(list.Items.ConvertAll(item => Build(item, depth + 1)));
            case PickledDictionary dictionary:
                object? ours = null;
                _ = dictionary.Attributes?.Entries.TryGetValue(ModelCard.Key, out ours);
                var entries = new CheckpointDictionary
                {
                    IsOrdered = dictionary.IsOrdered,
                    Attributes = ours is null ? null : new CheckpointDictionary { { ModelCard.Key, Build(ours, depth + 1) } },
                };
                foreach ((object key, object? item) in dictionary.Entries)
                {
                    CheckpointValue name = key switch
                    {
                        string text => new CheckpointText(text),
                        long integer => new CheckpointInteger(integer),
                        _ => new CheckpointOther(((PickledOther)key).Kind, ((PickledOther)key).Text),
                    };
                    entries.Add(name, Build(item, depth + 1));
                }
                return entries;
            case PickledTensor tensor:
                return BuildTensor(tensor);
            case PickledOther other:
                return new CheckpointOther(other.Kind, other.Text);
            case PickledBytes bytes:
                return new CheckpointOther("bytes", string.Create(CultureInfo.InvariantCulture, $"{bytes.Content.Length} bytes"));
            case PickledInert inert:
                return new CheckpointOther("object", $"an object of {inert.Name}");
            case PickledNumpyType type:
                return new CheckpointOther("type", $"numpy.{type.Code}");
            case PickledGlobal { Name: { Length: > 0 } name }:
                return new CheckpointOther("name", name);
            default:
                throw new InvalidDataException("its pickle keeps a storage or a type as a value: save tensors, not storages");
        }
    }

    // Before memory is taken for so many, once at each depth.
    private void Expect(int count)
    {
        if (count > PickleLimits.ValueCount - _valueCount)
            throw TooMuch();
    }

    private static InvalidDataException TooMuch() => new("its pickle nests or repeats values beyond any checkpoint's need");

    private CheckpointTensor BuildTensor(PickledTensor tensor)
    {
        if (!_tensors.TryGetValue(tensor, out CheckpointTensor? built))
        {
            // Ten thousand tensors over one storage are a small file that takes hours to look through.
            _elementCount += tensor.Sizes.Aggregate((Int128)1, (product, size) => product * size);
            if (_elementCount > _elementLimit)
                throw new InvalidDataException($"its tensors share their storages more than {PickleLimits.SharingCount} times over: save their clone()");
            Tensor view = storages[tensor.Storage.Key].as_strided(tensor.Sizes, tensor.Strides, tensor.Offset);
            _tensors.Add(tensor, built = new CheckpointTensor(view));
        }
        return built;
    }
}
