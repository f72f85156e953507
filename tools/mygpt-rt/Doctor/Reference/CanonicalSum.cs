using System.Runtime.CompilerServices;

namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Sums in the canonical order of docs/numerics.md, one number after the other: what every instruction set must give to the bit.</summary>
internal static class CanonicalSum
{
    private const int Lanes = 8;

    /// <summary>Lane j of 8 adds the products j, j + 8, j + 16 ..., each rounded once with the sum; then the lanes join in one tree.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float OfProducts(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        Span<float> lanes = stackalloc float[Lanes];
        lanes.Clear();
        for (int i = 0; i < a.Length; i++)
            lanes[i % Lanes] = MathF.FusedMultiplyAdd(a[i], b[i], lanes[i % Lanes]);
        return Join(lanes);
    }

    /// <summary>The same without products.</summary>
    public static float Of(ReadOnlySpan<float> a)
    {
        Span<float> lanes = stackalloc float[Lanes];
        lanes.Clear();
        for (int i = 0; i < a.Length; i++)
            lanes[i % Lanes] += a[i];
        return Join(lanes);
    }

    /// <summary>The tree.</summary>
    public static float Join(ReadOnlySpan<float> lanes) =>
        ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}
