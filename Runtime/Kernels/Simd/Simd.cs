using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.Runtime.Kernels;

/// <summary>Chooses the instruction set; the only place that asks what the machine has.</summary>
internal static class Simd
{
    /// <summary>What kernels run on here, for people to read.</summary>
    public static string InstructionSet => Avx2.IsSupported && Fma.IsSupported ? "AVX2+FMA" : "portable (128-bit)";

    /// <summary>Asks for a cache line that will be read soon; nothing where the machine has no such instruction.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Prefetch(byte* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(address);
    }

    /// <summary>As <see cref="Prefetch"/>, but only into the second-level cache: for what is read after more than the first would hold.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void PrefetchFar(byte* address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(address);
    }

    /// <summary>Runs a kernel with the widest instruction set of this machine.</summary>
    public static void Run<TKernel>(TKernel kernel)
        where TKernel : struct, IKernel, allows ref struct
    {
        if (Avx2.IsSupported && Fma.IsSupported)
            kernel.Run<Avx2Ops, Vector256<float>>();
        else
            kernel.Run<PortableOps, Lanes>();
    }
}
