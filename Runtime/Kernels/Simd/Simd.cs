using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.Runtime.Kernels;

/// <summary>Chooses the instruction set; the only place that asks what the machine has.</summary>
internal static class Simd
{
    /// <summary>What kernels run on here, for people to read.</summary>
    public static string InstructionSet => Avx2.IsSupported && Fma.IsSupported ? "AVX2+FMA" : "portable (128-bit)";

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
