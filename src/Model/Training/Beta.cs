using HrNetBatch.Model.Imaging;

namespace HrNetBatch.Model.Training;

/// <summary>The symmetric Beta distribution, which mixing draws its shares from.</summary>
internal static class Beta
{
    /// <summary>A number in [0, 1] from Beta(α, α).</summary>
    internal static double Draw(double alpha, ref SplitMix64 random)
    {
        while (true)
        {
            double x = Gamma(alpha, ref random), y = Gamma(alpha, ref random);
            if (x + y > 0)   // both vanish now and then where α is tiny
                return x / (x + y);
        }
    }

    // Marsaglia and Tsang, "A simple method for generating gamma variables" (2000); below 1 by their remark on Gamma(α + 1) · U^(1/α).
    private static double Gamma(double alpha, ref SplitMix64 random)
    {
        if (alpha < 1)
            return Gamma(alpha + 1, ref random) * Math.Pow(random.NextDouble(), 1 / alpha);
        double d = alpha - 1.0 / 3, c = 1 / Math.Sqrt(9 * d);
        while (true)
        {
            double x = Normal(ref random), v = 1 + c * x;
            if (v <= 0)
                continue;
            v = v * v * v;
            double u = 1 - random.NextDouble();   // above 0
            if (Math.Log(u) < 0.5 * x * x + d - d * v + d * Math.Log(v))
                return d * v;
        }
    }

    // Box and Muller; the second number of the pair is not kept, so that a draw has no state.
    private static double Normal(ref SplitMix64 random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
