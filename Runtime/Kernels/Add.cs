using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Sum of two vectors: y[i] = y[i] + x[i].</summary>
public static class Add
{
    /// <summary>Adds one vector to another.</summary>
    /// <param name="x">What is added, (n).</param>
    /// <param name="y">What it is added to, (n). Must not overlap <paramref name="x"/>.</param>
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
                TOps.Store(TOps.Add(TOps.Load(ref y, i), TOps.Load(ref x, i)), ref y, i);
            if (whole < length)
                TOps.StoreTail(TOps.Add(TOps.LoadTail(ref y, whole, length), TOps.LoadTail(ref x, whole, length)), ref y, whole, length);
        }
    }
}
