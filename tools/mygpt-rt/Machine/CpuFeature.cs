using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.CommandLine.Machine;

/// <summary>A group of instructions that kernels, or the code around them, can be faster with.</summary>
/// <param name="Name">What the vendor calls it.</param>
/// <param name="InCpu">Whether the processor has it; null where that cannot be known.</param>
/// <param name="IsUsable">Whether .NET uses it: not where the system or a setting such as <c>DOTNET_EnableAVX2=0</c> forbids it.</param>
internal sealed record CpuFeature(string Name, bool? InCpu, bool IsUsable)
{
    /// <summary>Those of this machine's architecture.</summary>
    public static IReadOnlyList<CpuFeature> All() => Of(RuntimeInformation.ProcessArchitecture);

    /// <summary>Those of an architecture; empty for one without kernels of its own.</summary>
    internal static IReadOnlyList<CpuFeature> Of(Architecture architecture) => architecture switch
    {
        Architecture.X64 or Architecture.X86 => Intel(),
        Architecture.Arm64 or Architecture.Arm => [Asked("AdvSIMD", AdvSimd.IsSupported), Asked("DotProd", Dp.IsSupported)],
        _ => [],
    };

    // Bits of CPUID's leaves 1 and 7 (Intel's manual, volume 2A).
    private static CpuFeature[] Intel()
    {
        if (!X86Base.IsSupported)
            return [.. IntelOf(default, default, default).Select(feature => feature with { InCpu = null })];
        int one = X86Base.CpuId(1, 0).Ecx;
        (_, int seven, int more, _) = X86Base.CpuId(0, 0).Eax >= 7 ? X86Base.CpuId(7, 0) : default;
        return IntelOf(one, seven, more);
    }

    private static CpuFeature[] IntelOf(int one, int seven, int more) =>
    [
        new("SSE4.2", Has(one, 20), Sse42.IsSupported),
        new("AVX", Has(one, 28), Avx.IsSupported),
        new("AVX2", Has(seven, 5), Avx2.IsSupported),
        new("FMA", Has(one, 12), Fma.IsSupported),
        new("BMI1", Has(seven, 3), Bmi1.IsSupported),
        new("BMI2", Has(seven, 8), Bmi2.IsSupported),
        new("AVX-512F", Has(seven, 16), Avx512F.IsSupported),
        new("AVX-512BW", Has(seven, 30), Avx512BW.IsSupported),
        new("AVX-512DQ", Has(seven, 17), Avx512DQ.IsSupported),
        new("AVX-512VL", Has(seven, 31), Avx512F.VL.IsSupported),
        new("AVX-512VBMI", Has(more, 1), Avx512Vbmi.IsSupported),
    ];

    // Nothing but .NET can be asked: what it does not use, the processor may have or not.
    private static CpuFeature Asked(string name, bool isUsable) => new(name, isUsable ? true : null, isUsable);

    private static bool Has(int word, int bit) => (word >> bit & 1) != 0;
}
