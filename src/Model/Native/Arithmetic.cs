using TorchSharp;
using static TorchSharp.torch;

namespace HrNetBatch.Model.Native;

/// <summary>
/// What tensors and numbers are computed with. TorchSharp makes an object of every number, the factor 1 of a plain sum included, and nothing
/// keeps the garbage collector from freeing it while libtorch still reads it: then a step fails ("toFloat … Scalar") or computes with something
/// else. Here numbers live until the call is over; the ways around are banned (BannedSymbols.Tensors.txt).
/// </summary>
internal static class Arithmetic
{
    private static readonly Scalar One = 1.ToScalar();

    /// <summary>x + y.</summary>
    internal static Tensor Plus(this Tensor x, Tensor y) => x.add(y, One);

    /// <summary>x + number.</summary>
    internal static Tensor Plus(this Tensor x, double number)
    {
        using Scalar kept = number.ToScalar();
        return x.add(kept, One);
    }

    /// <summary>number · x.</summary>
    internal static Tensor Times(this Tensor x, double number)
    {
        using Scalar kept = number.ToScalar();
        return x.mul(kept);
    }

    /// <summary>x + factor · y · z.</summary>
    internal static Tensor PlusProduct(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar kept = factor.ToScalar();
        return x.addcmul(y, z, kept);
    }

    /// <summary>x ← x + y.</summary>
    internal static Tensor Add(this Tensor x, Tensor y) => x.add_(y, One);

    /// <summary>x ← x + factor · y.</summary>
    internal static Tensor Add(this Tensor x, Tensor y, double factor)
    {
        using Scalar kept = factor.ToScalar();
        return x.add_(y, kept);
    }

    /// <summary>x ← x + number.</summary>
    internal static Tensor Add(this Tensor x, double number)
    {
        using Scalar kept = number.ToScalar();
        return x.add_(kept, One);
    }

    /// <summary>x ← x + factor · y · z.</summary>
    internal static Tensor AddProduct(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar kept = factor.ToScalar();
        return x.addcmul_(y, z, kept);
    }

    /// <summary>x ← x + factor · y / z.</summary>
    internal static Tensor AddQuotient(this Tensor x, Tensor y, Tensor z, double factor)
    {
        using Scalar kept = factor.ToScalar();
        return x.addcdiv_(y, z, kept);
    }

    /// <summary>x ← factor · x.</summary>
    internal static Tensor Scale(this Tensor x, double factor)
    {
        using Scalar kept = factor.ToScalar();
        return x.mul_(kept);
    }

    /// <summary>x ← x / divisor.</summary>
    internal static Tensor Divide(this Tensor x, double divisor)
    {
        using Scalar kept = divisor.ToScalar();
        return x.div_(kept);
    }
}
