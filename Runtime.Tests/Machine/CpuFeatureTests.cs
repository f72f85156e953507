using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Text.Json;
using MyGpt.CommandLine.Machine;
using MyGpt.Runtime.Tests.CommandLine;
using CpuArchitecture = System.Runtime.InteropServices.Architecture;

namespace MyGpt.Runtime.Tests.Machine;

public class CpuFeatureTests
{
    [Fact]
    public void Of_this_machine_are_its_architectures_and_usable_only_where_the_processor_may_have_them() =>
        Assert.All(CpuFeature.Of(RuntimeInformation.ProcessArchitecture), feature => Assert.True(!feature.IsUsable || feature.InCpu == true));

    [Fact]
    public void Of_Arm_are_not_known_where_they_are_not_used() =>
        Assert.Equal(new CpuFeature("DotProd", Dp.IsSupported ? true : null, Dp.IsSupported), CpuFeature.Of(CpuArchitecture.Arm64)[1]);

    [Fact]
    public void Of_an_unknown_architecture_there_are_none() => Assert.Empty(CpuFeature.Of(CpuArchitecture.S390x));

    [Fact]
    public void Without_intrinsics_the_architecture_stays_and_what_the_processor_has_is_not_known()
    {
        using Process process = CommandProcess.StartWith([("DOTNET_EnableHWIntrinsic", "0")], "doctor", "--json", "-t", "1");
        using JsonDocument json = JsonDocument.Parse(process.StandardOutput.ReadToEnd());
        process.WaitForExit();
        JsonElement machine = json.RootElement;
        if (RuntimeInformation.ProcessArchitecture == CpuArchitecture.X64)
        {
            Assert.Equal(JsonValueKind.Null, machine.GetProperty("processor").ValueKind);
            Assert.Contains("AVX2", machine.GetProperty("features").EnumerateArray().Select(feature => feature.GetProperty("name").GetString()));
        }
        Assert.All(machine.GetProperty("features").EnumerateArray(), feature =>
            Assert.Equal((JsonValueKind.Null, JsonValueKind.False), (feature.GetProperty("in_cpu").ValueKind, feature.GetProperty("usable").ValueKind)));
        Assert.Equal(0, machine.GetProperty("vector_bits").GetInt32());
        Assert.True(machine.GetProperty("pass").GetBoolean());
    }
}
