using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Index of the largest element.</summary>
public static class ArgMax
{
    /// <summary>Finds it.</summary>
    /// <param name="x">The row, (n), n at least 1.</param>
    /// <returns>The lowest index among equal largest elements, as PyTorch's <c>argmax</c>; NaN is never the largest; 0 when all are NaN.</returns>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    public static int Find(ReadOnlySpan<float> x)
    {
        int index = IndexOf(x, FindMax(x));
        return Math.Max(0, index);
    }

    /// <summary>The largest element; NaN is never the largest, and negative infinity if there is nothing else.</summary>
    /// <param name="x">The row, (n), n at least 1.</param>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    internal static float FindMax(ReadOnlySpan<float> x)
    {
        Require.NotEmpty(x.Length);
        float max = 0;
        Simd.Run(new MaxKernel(x, ref max));
        return max;
    }

    // As MemoryExtensions.IndexOf, which is not vectorised for floats, nor compiled fully optimised in a program's first calls. The two zeros are equal.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int IndexOf(ReadOnlySpan<float> x, float value)
    {
        ReadOnlySpan<Vector<float>> vectors = MemoryMarshal.Cast<float, Vector<float>>(x);
        Vector<float> wanted = new(value);
        int v = 0;
        while (v < vectors.Length && !Vector.EqualsAny(vectors[v], wanted))
            v++;
        for (int i = v * Vector<float>.Count; i < x.Length; i++)
        {
            if (x[i] == value)
                return i;
        }
        return -1;
    }

    internal readonly ref struct MaxKernel(ReadOnlySpan<float> x, ref float max) : IKernel
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly ref float _max = ref max;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x);
            nuint length = (nuint)_x.Length, whole = length - length % Lanes.Count;
            // Four chains: one would wait four cycles for each maximum. The order of maxima does not show in the result.
            TVec largest = TOps.Broadcast(float.NegativeInfinity), largest1 = largest, largest2 = largest, largest3 = largest;
            nuint i4 = 0;
            for (; i4 + 4 * Lanes.Count <= whole; i4 += 4 * Lanes.Count)
            {
                largest = TOps.Max(TOps.Load(ref x, i4), largest);
                largest1 = TOps.Max(TOps.Load(ref x, i4 + Lanes.Count), largest1);
                largest2 = TOps.Max(TOps.Load(ref x, i4 + 2 * Lanes.Count), largest2);
                largest3 = TOps.Max(TOps.Load(ref x, i4 + 3 * Lanes.Count), largest3);
            }
            for (nuint i = i4; i < whole; i += Lanes.Count)
                largest = TOps.Max(TOps.Load(ref x, i), largest);
            largest = TOps.Max(TOps.Max(largest, largest1), TOps.Max(largest2, largest3));
            float max = TOps.MaxLane(largest);
            for (nuint i = whole; i < length; i++)
                max = Unsafe.Add(ref x, i) > max ? Unsafe.Add(ref x, i) : max;
            _max = max;
        }
    }
}
