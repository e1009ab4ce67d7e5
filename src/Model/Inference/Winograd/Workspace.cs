using System.Runtime.InteropServices;
using V = System.Runtime.Intrinsics.Vector256<float>;

namespace HrNetBatch.Model.Inference.Winograd;

/// <summary>What one thread needs at a time to run the network: feature maps that are used again and again, and room for transforms.</summary>
internal sealed unsafe class Workspace : IDisposable
{
    /// <summary>Rows that are multiplied in one go, at most.</summary>
    internal const int RowCount = 240;

    private const int MostRowsOfKernel = Kernels.RowsOfTwo;

    private readonly Dictionary<FeatureMapShape, Stack<FeatureMap>> _free = [];
    private readonly List<FeatureMap> _all = [];
    private readonly NativeFloats _zeros = new(3 * V.Count);
    private NativeFloats _scrap = new(1), _transformed = new(1), _products = new(1);

    internal Workspace()
    {
        Rows = (float**)NativeMemory.Alloc((RowCount + MostRowsOfKernel) * 3, (nuint)sizeof(float*));
        Results = Rows + RowCount + MostRowsOfKernel;
        Plus = Results + RowCount + MostRowsOfKernel;
    }

    /// <summary>Where rows begin.</summary>
    internal float** Rows { get; }

    /// <summary>Where their results go.</summary>
    internal float** Results { get; }

    /// <summary>What is added to them.</summary>
    internal float** Plus { get; }

    /// <summary>As many zeros as a block of channels has.</summary>
    internal float* Zeros => _zeros.First;

    /// <summary>A feature map; its border is zero, what it holds otherwise is what was there before.</summary>
    internal FeatureMap Rent(FeatureMapShape shape, int count)
    {
        if (!_free.TryGetValue(shape, out Stack<FeatureMap>? free))
            _free[shape] = free = [];
        FeatureMap? map = free.Count > 0 ? free.Pop() : null;
        if (map is null || map.Capacity < count)
        {
            if (map is not null && _all.Remove(map))
                map.Dispose();
            _all.Add(map = new FeatureMap(shape, count));
        }
        map.Count = count;
        return map;
    }

    /// <summary>Takes a feature map back.</summary>
    internal void Return(FeatureMap map) => _free[map.Shape].Push(map);

    /// <summary>Room for transformed input and for its products.</summary>
    internal (NativeFloats Transformed, NativeFloats Products) Room(long transformed, long products) =>
        (_transformed = AtLeast(_transformed, transformed), _products = AtLeast(_products, products));

    /// <summary>Repeats the last row up to the end of a kernel's; their results go nowhere.</summary>
    /// <param name="count">Rows that there are.</param>
    /// <param name="channels">Of a result.</param>
    internal void FillRows(int count, int channels)
    {
        _scrap = AtLeast(_scrap, channels);
        for (int i = count; i < count + MostRowsOfKernel; i++)
        {
            Rows[i] = Rows[count - 1];
            Results[i] = Plus[i] = _scrap.First;
        }
    }

    public void Dispose()
    {
        foreach (FeatureMap map in _all)
            map.Dispose();
        _scrap.Dispose();
        _zeros.Dispose();
        _transformed.Dispose();
        _products.Dispose();
        NativeMemory.Free(Rows);
    }

    private static NativeFloats AtLeast(NativeFloats room, long count)
    {
        if (room.Count >= count)
            return room;
        room.Dispose();
        return new NativeFloats(count);
    }
}
