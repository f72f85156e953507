using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Rectifier: x[i] = max(x[i], 0).</summary>
public static class Relu
{
    /// <summary>Applies it in place.</summary>
    /// <param name="x">Any length.</param>
    public static void Apply(Span<float> x) => Elementwise.Apply<Operation>(x);

    internal readonly struct Operation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct => TOps.Max(TOps.Broadcast(0f), x);
    }
}
