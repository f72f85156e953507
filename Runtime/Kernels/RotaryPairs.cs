using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rotary position embedding of neighbours: elements 2i and 2i + 1 of a head, (a, b), become (a cos - b sin, b cos + a sin).
/// </summary>
/// <remarks>Su et al. 2021, arXiv:2104.09864, section 3.4.2.</remarks>
public static class RotaryPairs
{
    /// <summary>Rotates the heads of one token in place.</summary>
    /// <param name="x">Heads side by side, (n, HS).</param>
    /// <param name="cos">Cosine of each element's angle, (HS); HS is even.</param>
    /// <param name="sin">Sine of each element's angle, negative for the first of a pair, (HS).</param>
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
            ref float cos = ref MemoryMarshal.GetReference(_cos), sin = ref MemoryMarshal.GetReference(_sin);
            nuint headDim = (nuint)_cos.Length, whole = headDim - headDim % Lanes.Count;
            for (nuint start = 0; start < (nuint)_x.Length; start += headDim)
            {
                ref float x = ref Unsafe.Add(ref MemoryMarshal.GetReference(_x), start);
                for (nuint i = 0; i < whole; i += Lanes.Count)
                {
                    TVec v = TOps.Load(ref x, i), across = TOps.Multiply(TOps.SwapPairs(v), TOps.Load(ref sin, i));
                    TOps.Store(TOps.MultiplyAdd(v, TOps.Load(ref cos, i), across), ref x, i);
                }
                if (whole < headDim)
                {
                    TVec v = TOps.LoadTail(ref x, whole, headDim), across = TOps.Multiply(TOps.SwapPairs(v), TOps.LoadTail(ref sin, whole, headDim));
                    TOps.StoreTail(TOps.MultiplyAdd(v, TOps.LoadTail(ref cos, whole, headDim), across), ref x, whole, headDim);
                }
            }
        }
    }
}
