using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Doctor;
using MyGpt.CommandLine.Machine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.Runtime.Tests.Doctor;

/// <summary>What doctor prints of a given machine.</summary>
public class DiagnosisReportTests
{
    private static readonly Diagnosis Found = new()
    {
        Machine = new MachineDescription
        {
            Processor = null,
            Cores = 1,
            Features = [new("ONE", true, true), new("TWO", true, false), new("THREE", null, false), new("FOUR", false, false)],
            InstructionSet = "portable (128-bit)",
            VectorBits = 0,
            Settings = [],
            Limits = new CgroupLimits(1.5, null),
            Memory = 2_000_000_000,
            DotNet = ".NET",
            Platform = "some",
        },
        Kernels = new KernelExamination(33, 221, 130_607, 0.3, []),
        Limits = [new MachineLimits(1, Some(50), Some(100), Some(100), ProcessorShare: 1)],
        Warning = "the machine was busy",
    };

    [Fact]
    public void Text_says_what_is_not_known()
    {
        using var text = new StringWriter { NewLine = "\n" };
        new DiagnosisReport(Found).Print(text);
        Assert.All(
            [
                "processor     name not known, 1 core for this process\n", "instructions  ONE\n", "not usable    TWO: ", "not known     THREE: ", ".NET has no vector instructions\n",
                "cgroup        1.5 processors, no limit of memory\n",
            ],
            line => Assert.Contains(line, text.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public void Json_has_null_for_what_is_not_known_and_the_warning()
    {
        using var stream = new MemoryStream();
        JsonOutput.Write(stream, new DiagnosisReport(Found).Write);
        using JsonDocument json = JsonDocument.Parse(stream.ToArray());
        Assert.Equal("the machine was busy", json.RootElement.GetProperty("warning").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("processor").ValueKind);
        Assert.Equal(
            [JsonValueKind.True, JsonValueKind.True, JsonValueKind.Null, JsonValueKind.False],
            json.RootElement.GetProperty("features").EnumerateArray().Select(feature => feature.GetProperty("in_cpu").ValueKind));
    }

    [Theory]
    [InlineData(35, 0.95, null)]
    [InlineData(50, 0.95, "the read rate on 2 threads was ")]
    [InlineData(35, 0.5, "the probes on 2 threads got 50 % ")]
    public void Limits_that_something_disturbed_say_so(double bestRead, double share, string? sign)
    {
        var limits = new MachineLimits(2, new Spread(33, 20, bestRead), new Spread(232, 116, 233), new Spread(232, 116, 233), share);   // one slow round of some is no sign
        string? warning = Disturbance.Warning(limits.Disturbances());
        Assert.Equal(sign is null, warning is null);
        Assert.Contains(sign ?? "", warning ?? "", StringComparison.Ordinal);
    }

    private static Spread Some(double median) => new(median, median * 0.9, median * 1.1);
}
