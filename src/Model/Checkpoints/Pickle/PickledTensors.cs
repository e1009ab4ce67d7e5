using System.Globalization;

namespace HrNetBatch.Model.Checkpoints.Pickle;

/// <summary>Checks and makes the storages and tensors that a pickle describes; collects the storages for whoever reads their data.</summary>
internal sealed class PickledTensors
{
    private readonly Dictionary<string, PickledStorage> _roots = new(StringComparer.Ordinal);

    /// <summary>Every storage that was named, whole, by key.</summary>
    public IReadOnlyDictionary<string, PickledStorage> Roots => _roots;

    /// <summary>Makes a storage of a persistent id <c>('storage', type, key, location, count[, (view_key, offset, size)])</c>.</summary>
    public PickledStorage Storage(object? persistentId)
    {
        if (persistentId is not object?[] { Length: 5 or 6 } parts || parts[0] is not "storage"
            || parts[1] is not PickledGlobal { Kind: GlobalKind.StorageType } type || parts[2] is not string key || parts[3] is not string
            || parts[4] is not long count)
            throw new InvalidDataException("its pickle refers to data by something other than ('storage', type, key, location, count)");
        if (count < 0)
            throw new InvalidDataException($"storage '{key}' claims {count} elements");
        var root = new PickledStorage(key, type.ElementType, count, 0, count);
        if (!_roots.TryAdd(key, root) && _roots[key] != root)
            throw new InvalidDataException($"storage '{key}' is described twice, with different types or sizes");
        return parts.Length == 5 || parts[5] is null ? root : Window(root, parts[5]);
    }

    /// <summary>Makes a tensor of <c>_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])</c>.</summary>
    public static PickledTensor Tensor(object?[] arguments)
    {
        if (arguments.Length is not (6 or 7) || arguments[0] is not PickledStorage storage || arguments[1] is not long offset
            || arguments[2] is not object?[] sizeItems || arguments[3] is not object?[] strideItems || arguments[4] is not bool)
            throw new InvalidDataException("its pickle rebuilds a tensor from arguments that torch.save never writes");
        long[] sizes = Integers(sizeItems);
        long[] strides = Integers(strideItems);
        string shape = $"a tensor of shape [{string.Join(", ", sizes.Select(size => size.ToString(CultureInfo.InvariantCulture)))}] in storage '{storage.Key}'";
        if (sizes.Length != strides.Length || sizes.Length > PickleLimits.DimensionCount)
            throw new InvalidDataException($"{shape} has {sizes.Length} sizes and {strides.Length} strides; they must agree and be at most {PickleLimits.DimensionCount}");
        if (offset < 0 || sizes.Any(size => size < 0) || strides.Any(stride => stride < 0))
            throw new InvalidDataException($"{shape} has a negative offset, size or stride");

        if (sizes.Contains(0))
            return offset <= storage.Count && strides.All(stride => stride <= int.MaxValue) && !IsVast(sizes)
                ? new PickledTensor(storage, storage.Offset + offset, sizes, strides)
                : throw Outside(shape, storage);

        // Nothing below can overflow before the comparison that refuses it: in 128 bits, with every factor under 2^63.
        Int128 count = 1;
        Int128 last = offset;
        for (int i = 0; i < sizes.Length; i++)
        {
            count *= sizes[i];
            last += (Int128)(sizes[i] - 1) * strides[i];
            if (last >= storage.Count)
                throw Outside(shape, storage);
            if (count > storage.Count)
                throw new InvalidDataException($"{shape} repeats some of the storage's {storage.Count} elements: save its contiguous() copy");
        }
        if (last >= storage.Count)
            throw Outside(shape, storage);
        return new PickledTensor(storage, storage.Offset + offset, sizes, strides);
    }

    /// <summary>The integers of a tuple, or a refusal.</summary>
    public static long[] Integers(object?[] items) =>
        Array.ConvertAll(items, item => item as long? ?? throw new InvalidDataException("a tensor's shape in its pickle holds something other than integers"));

    // A tensor without elements has no data that would bound its other sizes, and libtorch multiplies them.
    internal static bool IsVast(long[] sizes) => sizes.Aggregate(1.0, (product, size) => product * Math.Max(size, 1)) > int.MaxValue;

    private static PickledStorage Window(PickledStorage root, object? window)
    {
        if (window is not object?[] { Length: 3 } parts || parts[0] is not string || parts[1] is not long offset || parts[2] is not long count
            || offset < 0 || count < 0 || offset > root.Count || count > root.Count - offset)
            throw new InvalidDataException($"its pickle describes a view outside storage '{root.Key}' of {root.Count} elements");
        return root with { Offset = offset, Count = count };
    }

    private static InvalidDataException Outside(string shape, PickledStorage storage) =>
        new($"{shape} reaches outside the storage's {storage.Count} elements");
}
