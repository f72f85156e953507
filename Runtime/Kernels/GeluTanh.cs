using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>GPT-2's GELU: x[i] = 0.5 x[i] (1 + tanh(sqrt(2 / pi) (x[i] + 0.044715 x[i]^3))).</summary>
/// <remarks>Hendrycks and Gimpel 2016, arXiv:1606.08415, section 2. Error bound in docs/numerics.md.</remarks>
public static class GeluTanh
{
    /// <summary>Applies it in place.</summary>
    /// <param name="x">Any length.</param>
    public static void Apply(Span<float> x) => Elementwise.Apply<Operation>(x);

    internal readonly struct Operation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct => VectorMath.GeluTanh<TOps, TVec>(x);
    }
}
