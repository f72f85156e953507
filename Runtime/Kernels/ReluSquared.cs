using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Squared rectifier: x[i] = max(x[i], 0)^2.</summary>
/// <remarks>So et al. 2021, arXiv:2109.08668.</remarks>
public static class ReluSquared
{
    /// <summary>Applies it in place.</summary>
    /// <param name="x">Any length.</param>
    public static void Apply(Span<float> x) => Elementwise.Apply<Operation>(x);

    internal readonly struct Operation : IUnaryOperation
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TOps, TVec>(TVec x)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            TVec positive = TOps.Max(TOps.Broadcast(0f), x);
            return TOps.Multiply(positive, positive);
        }
    }
}
