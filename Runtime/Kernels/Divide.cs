using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Division by one number: x[i] = x[i] / divisor, correctly rounded (a reciprocal would round twice).</summary>
public static class Divide
{
    /// <summary>Divides in place.</summary>
    /// <param name="x">Any length.</param>
    /// <param name="divisor">Any float; 0 gives what IEEE 754 says.</param>
    public static void Apply(Span<float> x, float divisor) => Simd.Run(new Kernel(x, divisor));

    internal readonly ref struct Kernel(Span<float> x, float divisor) : IKernel
    {
        private readonly Span<float> _x = x;
        private readonly float _divisor = divisor;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x);
            nuint length = (nuint)_x.Length, whole = length - length % Lanes.Count;
            TVec divisor = TOps.Broadcast(_divisor);
            for (nuint i = 0; i < whole; i += Lanes.Count)
                TOps.Store(TOps.Divide(TOps.Load(ref x, i), divisor), ref x, i);
            if (whole < length)
                TOps.StoreTail(TOps.Divide(TOps.LoadTail(ref x, whole, length), divisor), ref x, whole, length);
        }
    }
}
