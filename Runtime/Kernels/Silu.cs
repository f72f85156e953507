using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Sigmoid-weighted linear unit: x[i] = x[i] / (1 + e^-x[i]), PyTorch's <c>nn.SiLU()</c>.</summary>
/// <remarks>Elfwing et al. 2017, arXiv:1702.03118. Error bound in docs/numerics.md.</remarks>
public static class Silu
{
    /// <summary>Applies it in place.</summary>
    /// <param name="x">Any length.</param>
    public static void Apply(Span<float> x) => Elementwise.Apply<Operation>(x);

    internal readonly struct Operation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct => VectorMath.Silu<TOps, TVec>(x);
    }
}
