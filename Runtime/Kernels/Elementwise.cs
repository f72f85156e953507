using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>A function of one number, over lanes.</summary>
internal interface IUnaryOperation
{
    static abstract TVec Apply<TOps, TVec>(TVec x)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;
}

/// <summary>y[i] = f(x[i]): the loop that the activations share.</summary>
internal static class Elementwise
{
    /// <summary>Applies f to every element in place.</summary>
    public static void Apply<TOperation>(Span<float> x)
        where TOperation : struct, IUnaryOperation => Simd.Run(new Kernel<TOperation>(x));

    internal readonly ref struct Kernel<TOperation>(Span<float> x) : IKernel
        where TOperation : struct, IUnaryOperation
    {
        private readonly Span<float> _x = x;

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]   // inlined into a caller, it would not get f inlined
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x);
            nuint length = (nuint)_x.Length, whole = length - length % Lanes.Count;
            for (nuint i = 0; i < whole; i += Lanes.Count)
                TOps.Store(TOperation.Apply<TOps, TVec>(TOps.Load(ref x, i)), ref x, i);
            if (whole < length)
                Tail<TOps, TVec>(ref x, whole, length);
        }

        // A method of its own: with f written into one method twice, the JIT gives up halfway and calls what is left of it.
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void Tail<TOps, TVec>(ref float x, nuint whole, nuint length)
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct =>
            TOps.StoreTail(TOperation.Apply<TOps, TVec>(TOps.LoadTail(ref x, whole, length)), ref x, whole, length);
    }
}
