using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Which instruction set a test runs a kernel with, whatever the machine would choose.</summary>
public enum InstructionSet
{
    Portable,
    Avx2,
}

internal static class InstructionSets
{
    /// <summary>Those that this machine (and its DOTNET_Enable switches) can run.</summary>
    public static IEnumerable<InstructionSet> All =>
        Avx2.IsSupported && Fma.IsSupported ? [InstructionSet.Portable, InstructionSet.Avx2] : [InstructionSet.Portable];

    public static void Run<TKernel>(this InstructionSet set, TKernel kernel)
        where TKernel : struct, IKernel, allows ref struct
    {
        switch (set)
        {
            case InstructionSet.Portable: kernel.Run<PortableOps, Lanes>(); break;
            case InstructionSet.Avx2: kernel.Run<Avx2Ops, Vector256<float>>(); break;
            default: throw new ArgumentOutOfRangeException(nameof(set));
        }
    }
}
