using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rotary position embedding of halves: elements i and i + HS / 2 of a head, (a, b), become (a cos - b sin, b cos + a sin). The
/// same rotation as <see cref="RotaryPairs"/> with a head's elements in another order, to the same bits.
/// </summary>
/// <remarks>Su et al. 2021, arXiv:2104.09864; in this order by Hugging Face's <c>rotate_half</c>.</remarks>
public static class RotaryHalves
{
    /// <summary>Rotates the heads of one token in place.</summary>
    /// <param name="x">Heads side by side, (n, HS).</param>
    /// <param name="cos">Cosine of each element's angle, (HS); HS is even.</param>
    /// <param name="sin">Sine of each element's angle, negative for the first half, (HS).</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other.</exception>
    public static void Apply(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        RotaryAngles.RequireShape(x.Length, cos.Length, sin.Length);
        Simd.Run(new Kernel(x, cos, sin));
    }

    internal readonly ref struct Kernel(Span<float> x, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin) : IKernel
    {
        private readonly Span<float> _x = x;
        private readonly ReadOnlySpan<float> _cos = cos, _sin = sin;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            nuint headDim = (nuint)_cos.Length, half = headDim / 2, whole = half - half % Lanes.Count;
            ref float cosA = ref MemoryMarshal.GetReference(_cos), cosB = ref Unsafe.Add(ref cosA, half);
            ref float sinA = ref MemoryMarshal.GetReference(_sin), sinB = ref Unsafe.Add(ref sinA, half);
            for (nuint start = 0; start < (nuint)_x.Length; start += headDim)
            {
                ref float low = ref Unsafe.Add(ref MemoryMarshal.GetReference(_x), start), high = ref Unsafe.Add(ref low, half);
                for (nuint i = 0; i < whole; i += Lanes.Count)
                {
                    TVec a = TOps.Load(ref low, i), b = TOps.Load(ref high, i);
                    TOps.Store(TOps.MultiplyAdd(a, TOps.Load(ref cosA, i), TOps.Multiply(b, TOps.Load(ref sinA, i))), ref low, i);
                    TOps.Store(TOps.MultiplyAdd(b, TOps.Load(ref cosB, i), TOps.Multiply(a, TOps.Load(ref sinB, i))), ref high, i);
                }
                if (whole < half)
                {
                    TVec a = TOps.LoadTail(ref low, whole, half), b = TOps.LoadTail(ref high, whole, half);
                    TVec acrossA = TOps.Multiply(b, TOps.LoadTail(ref sinA, whole, half)), acrossB = TOps.Multiply(a, TOps.LoadTail(ref sinB, whole, half));
                    TOps.StoreTail(TOps.MultiplyAdd(a, TOps.LoadTail(ref cosA, whole, half), acrossA), ref low, whole, half);
                    TOps.StoreTail(TOps.MultiplyAdd(b, TOps.LoadTail(ref cosB, whole, half), acrossB), ref high, whole, half);
                }
            }
        }
    }
}
