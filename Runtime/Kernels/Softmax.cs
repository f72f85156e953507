using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Softmax of one row: x[i] = e^(x[i] - max) / sum of e^(x[j] - max).</summary>
/// <remarks>Sum in float32 lanes; error bound in docs/numerics.md.</remarks>
public static class Softmax
{
    /// <summary>Applies it in place. Negative infinity becomes 0; a row of nothing else, or one with NaN, becomes NaN.</summary>
    /// <param name="x">The row, (n), n at least 1.</param>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    public static void Apply(Span<float> x) => Apply(x, ArgMax.FindMax(x));

    /// <summary>The first half: x[i] = e^(x[i] - max).</summary>
    /// <param name="x">The row, (n), n at least 1.</param>
    /// <returns>The sum of the results, 1 or more unless a NaN is involved.</returns>
    /// <exception cref="ArgumentException">The row is empty.</exception>
    public static float Exponentials(Span<float> x) => Exponentials(x, ArgMax.FindMax(x));

    /// <summary>As <see cref="Apply(Span{float})"/>, for a row whose largest element is known.</summary>
    internal static void Apply(Span<float> x, float max) => Divide.Apply(x, Exponentials(x, max));

    private static float Exponentials(Span<float> x, float max)
    {
        float sum = 0;
        Simd.Run(new Kernel(x, max, ref sum));
        return sum;
    }

    internal readonly ref struct Kernel(Span<float> x, float max, ref float sum) : IKernel
    {
        private readonly Span<float> _x = x;
        private readonly float _max = max;
        private readonly ref float _sum = ref sum;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x);
            nuint length = (nuint)_x.Length, whole = length - length % Lanes.Count;

            TVec shift = TOps.Broadcast(_max), sums = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
            {
                TVec e = VectorMath.Exp<TOps, TVec>(TOps.Subtract(TOps.Load(ref x, i), shift));
                TOps.Store(e, ref x, i);
                sums = TOps.Add(sums, e);
            }
            if (whole < length)
            {
                Tail<TOps, TVec>(ref x, whole, length, shift);
                sums = TOps.Add(sums, TOps.LoadTail(ref x, whole, length));   // the lanes beyond the row are e^-max: read back as zero
            }
            _sum = TOps.Sum(sums);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]   // as in Elementwise
        private static void Tail<TOps, TVec>(ref float x, nuint whole, nuint length, TVec shift)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct =>
            TOps.StoreTail(VectorMath.Exp<TOps, TVec>(TOps.Subtract(TOps.LoadTail(ref x, whole, length), shift)), ref x, whole, length);
    }
}
