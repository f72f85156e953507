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
        Require.NotEmpty(x.Length);
        float max = 0;
        Simd.Run(new MaxKernel(x, ref max));
        return Math.Max(0, x.IndexOf(max));
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
            TVec largest = TOps.Broadcast(float.NegativeInfinity);
            for (nuint i = 0; i < whole; i += Lanes.Count)
                largest = TOps.Max(TOps.Load(ref x, i), largest);
            float max = TOps.MaxLane(largest);
            for (nuint i = whole; i < length; i++)
                max = Unsafe.Add(ref x, i) > max ? Unsafe.Add(ref x, i) : max;
            _max = max;
        }
    }
}
