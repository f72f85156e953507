using System.Text.Json;
using MyGpt.CommandLine.Doctor;
using MyGpt.CommandLine.Doctor.Checks;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

public class DoctorTests
{
    [Fact]
    public void Doctor_describes_the_machine_checks_kernels_and_measures_limits()
    {
        JsonElement json = Command.Run("doctor", "--json", "-t", "2").Succeeded().Json();
        Assert.True(json.GetProperty("pass").GetBoolean());
        Assert.Equal(Environment.ProcessorCount, json.GetProperty("cores").GetInt32());
        Assert.Equal(Simd.InstructionSet, json.GetProperty("instruction_set").GetString());
        Assert.All(json.GetProperty("features").EnumerateArray(), feature => Assert.True(feature.GetProperty("in_cpu").GetBoolean() || !feature.GetProperty("usable").GetBoolean()));
        JsonElement kernels = json.GetProperty("kernels");
        Assert.Equal(KernelChecks.All().Count, kernels.GetProperty("checked").GetInt32());
        Assert.Empty(kernels.GetProperty("wrong").EnumerateArray());
        Assert.Equal([1, 2], json.GetProperty("limits").EnumerateArray().Select(limits => limits.GetProperty("threads").GetInt32()));
        Assert.Equal(JsonValueKind.Null, json.GetProperty("expected").ValueKind);
    }

    [Fact]
    public void Doctor_of_a_model_says_what_speed_to_expect()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("w.bin"), TinyModels.Config);
        JsonElement expected = Command.Run("doctor", weights, "--json", "-t", "1").Succeeded().Json().GetProperty("expected");
        Assert.Equal("f32", expected.GetProperty("type").GetString());
        Assert.InRange(expected.GetProperty("decode_tok_s").GetDouble(), 1, double.MaxValue);
        Assert.InRange(expected.GetProperty("prefill_tok_s").GetDouble(), 1, double.MaxValue);
        Command.Run("doctor", weights, "-t", "1").Succeeded().Shows("all right", "1 thread ", "GB/s", "GFLOP/s", "decode", "an estimate");
    }

    [Fact]
    public void Doctor_that_finds_a_wrong_kernel_names_it_and_exits_with_5()
    {
        KernelCheck wrong = ElementwiseChecks.Silu(GeluTanh.Apply), right = ElementwiseChecks.Relu(Relu.Apply);
        CommandResult text = Run([right, wrong]);
        Assert.Equal(5, text.ExitCode);
        string line = Assert.Single(text.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: kernel 'SiLU' is wrong on this machine (", line, StringComparison.Ordinal);
        text.Shows("1 WRONG", "SiLU: 5 numbers from -9.95, element 0: ");
        JsonElement json = Run([wrong, right], "--json").Json();
        Assert.False(json.GetProperty("pass").GetBoolean());
        Assert.Equal("SiLU", Assert.Single(json.GetProperty("kernels").GetProperty("wrong").EnumerateArray()).GetProperty("kernel").GetString());
        Assert.Empty(json.GetProperty("limits").EnumerateArray());
        Assert.Contains("and 1 more", Run([wrong, ElementwiseChecks.GeluErf(Silu.Apply)]).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, "WEIGHTS.BIN is empty", "")]
    [InlineData(2, "one argument too many for doctor", "a", "b")]
    [InlineData(4, "'no-such.bin' does not exist", "no-such.bin")]
    public void Doctor_refuses_what_it_cannot_open(int exitCode, string needed, params string[] args) => Command.Run(["doctor", .. args]).Failed(exitCode, needed);

    [Fact]
    public void Doctor_can_be_interrupted()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        using var output = new MemoryStream();
        Command.Run(output, [], interrupt.Token, "doctor").Failed(130, "interrupted");
    }

    private static CommandResult Run(IReadOnlyList<KernelCheck> checks, params string[] args)
    {
        var command = new System.CommandLine.Command("doctor");
        var verb = new DoctorVerb(() => checks);
        verb.Define(command);
        using var output = new MemoryStream();
        using var error = new StringWriter { NewLine = "\n" };
        var console = new CommandConsole { Input = Stream.Null, Output = output, Error = error, WatchInterrupt = () => CancellationToken.None };
        int exitCode = (int)verb.Run(command.Parse(args), console);
        return new CommandResult(exitCode, output.ToArray(), error.ToString());
    }
}
