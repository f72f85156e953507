using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Product of two vectors, element by element: y[i] = y[i] * x[i].</summary>
public static class Multiply
{
    /// <summary>Multiplies one vector by another.</summary>
    /// <param name="x">Factors, (n).</param>
    /// <param name="y">What they multiply, (n). Must not overlap <paramref name="x"/>.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, Span<float> y)
    {
        Require.Length(x.Length, y.Length);
        Simd.Run(new Kernel(x, y));
    }

    internal readonly ref struct Kernel(ReadOnlySpan<float> x, Span<float> y) : IKernel
    {
        private readonly ReadOnlySpan<float> _x = x;
        private readonly Span<float> _y = y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x), y = ref MemoryMarshal.GetReference(_y);
            nuint length = (nuint)_y.Length, whole = length - length % Lanes.Count;
            for (nuint i = 0; i < whole; i += Lanes.Count)
                TOps.Store(TOps.Multiply(TOps.Load(ref y, i), TOps.Load(ref x, i)), ref y, i);
            if (whole < length)
                TOps.StoreTail(TOps.Multiply(TOps.LoadTail(ref y, whole, length), TOps.LoadTail(ref x, whole, length)), ref y, whole, length);
        }
    }
}
