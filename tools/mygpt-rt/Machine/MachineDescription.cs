using System.Collections;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using System.Text;
using MyGpt.Runtime.Kernels;

namespace MyGpt.CommandLine.Machine;

/// <summary>The machine as this process sees it.</summary>
internal sealed record MachineDescription
{
    private const int FirstNameLeaf = unchecked((int)0x80000002), LastNameLeaf = unchecked((int)0x80000004);

    /// <summary>The processor's name; null where it does not say, or cannot be asked.</summary>
    public required string? Processor { get; init; }

    /// <summary>Cores that this process may use.</summary>
    public required int Cores { get; init; }

    /// <summary>Instructions.</summary>
    public required IReadOnlyList<CpuFeature> Features { get; init; }

    /// <summary>What kernels run on.</summary>
    public required string InstructionSet { get; init; }

    /// <summary>Bits of the widest vectors that .NET has instructions for here; 0 for none.</summary>
    public required int VectorBits { get; init; }

    /// <summary>Settings of the environment that change what .NET uses, as NAME=VALUE.</summary>
    public required IReadOnlyList<string> Settings { get; init; }

    /// <summary>What a container allows.</summary>
    public required CgroupLimits Limits { get; init; }

    /// <summary>Bytes of memory that this process may use.</summary>
    public required long Memory { get; init; }

    /// <summary>.NET's version.</summary>
    public required string DotNet { get; init; }

    /// <summary>The operating system and the architecture of this process.</summary>
    public required string Platform { get; init; }

    /// <summary>This machine.</summary>
    public static MachineDescription OfThisOne() => new()
    {
        Processor = Name(),
        Cores = Environment.ProcessorCount,
        Features = CpuFeature.All(),
        InstructionSet = Simd.InstructionSet,
        VectorBits = Vector512.IsHardwareAccelerated ? 512 : Vector256.IsHardwareAccelerated ? 256 : Vector128.IsHardwareAccelerated ? 128 : 0,
        Settings = ReadSettings(),
        Limits = CgroupLimits.Read(),
        Memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
        DotNet = RuntimeInformation.FrameworkDescription,
        Platform = $"{RuntimeInformation.OSDescription}, {RuntimeInformation.ProcessArchitecture}",
    };

    // 48 characters in three leaves, filled up with zeros or blanks.
    private static string? Name()
    {
        if (!X86Base.IsSupported || (uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax < unchecked((uint)LastNameLeaf))
            return null;
        var bytes = new List<byte>();
        for (int leaf = FirstNameLeaf; leaf <= LastNameLeaf; leaf++)
        {
            (int a, int b, int c, int d) = X86Base.CpuId(leaf, 0);
            bytes.AddRange(MemoryMarshal.AsBytes<int>([a, b, c, d]));
        }
        return Encoding.ASCII.GetString([.. bytes.TakeWhile(value => value != 0)]).Trim();
    }

    private static string[] ReadSettings() =>
    [
        .. from DictionaryEntry variable in Environment.GetEnvironmentVariables()
           let name = (string)variable.Key
           where name.StartsWith("DOTNET_Enable", StringComparison.OrdinalIgnoreCase) || name is "DOTNET_PROCESSOR_COUNT" or "DOTNET_TieredCompilation" or "DOTNET_GCHeapHardLimit"
           orderby name
           select $"{name}={variable.Value}",
    ];
}
