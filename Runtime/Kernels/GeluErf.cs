using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>GELU with the error function: x[i] = x[i] * Phi(x[i]), PyTorch's <c>nn.GELU()</c>.</summary>
/// <remarks>Hendrycks and Gimpel 2016, arXiv:1606.08415. Error bound in docs/numerics.md.</remarks>
public static class GeluErf
{
    /// <summary>Applies it in place.</summary>
    /// <param name="x">Any length.</param>
    public static void Apply(Span<float> x) => Elementwise.Apply<Operation>(x);

    internal readonly struct Operation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct => VectorMath.GeluErf<TOps, TVec>(x);
    }
}
