using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Doctor;
using MyGpt.CommandLine.Machine;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>doctor [WEIGHTS.BIN]</c>: what this machine is, whether every kernel computes here what it should, and what speed to expect.</summary>
/// <param name="checks">The kernels to check.</param>
internal sealed class DoctorVerb(Func<IReadOnlyList<KernelCheck>> checks) : IVerb
{
    // Without a model: beyond any cache that a core may use alone.
    private const long ReadBytes = 256L << 20;

    private readonly Argument<string?> _weights = InputFile.OptionalArgument("WEIGHTS.BIN", "a model, to say what speed to expect of it");
    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        command.Options.Add(_threads);
        command.Options.Add(_json);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        using ModelFile? model = arguments.GetValue(_weights) is { } path ? ModelOpener.Open(path, ModelFile.Open) : null;
        Diagnosis diagnosis;
        using (var progress = new Progress(console))
        {
            progress.Show("kernels");
            diagnosis = new Diagnosis { Machine = MachineDescription.OfThisOne(), Kernels = KernelExamination.Of(checks()) };
            if (diagnosis.Kernels.Faults.Count == 0)
            {
                progress.Show("read and multiply-add rate");
                diagnosis = Measure(diagnosis, model?.Weights, arguments.GetValue(_threads) ?? Environment.ProcessorCount, console.WatchInterrupt());
            }
        }
        Print(new DiagnosisReport(diagnosis), arguments.GetValue(_json), console);
        if (diagnosis.Warning is { } warning)
            console.Messages.Warning(warning);
        if (diagnosis.Kernels.Faults is not [KernelFault first, ..] faults)
            return ExitCode.Done;
        string others = faults.Count == 1 ? "" : $", and {faults.Count - 1} more";
        console.Messages.Error($"kernel '{first.Kernel}' is wrong on this machine ({diagnosis.Machine.InstructionSet}): {first.Description}{others}; "
            + "trust no result of it, and report this with what doctor printed");
        return ExitCode.CheckFailed;
    }

    private static Diagnosis Measure(Diagnosis diagnosis, GptWeights? weights, int threads, CancellationToken interrupted)
    {
        using ReadProbe reads = weights is null ? new ReadProbe(ReadBytes) : new ReadProbe(weights);
        double Read(int count) => weights is null ? reads.FromMemory(count) : Math.Max(reads.FromMemory(count), reads.FromWeights(count));
        (MachineLimits[] limits, string? warning) = Measure(threads, Read, interrupted);
        if (warning is not null)
            (limits, warning) = Measure(threads, Read, interrupted);   // most of what disturbs a machine is over in a second
        return diagnosis with { Limits = limits, Warning = warning, Expected = weights is null ? null : ExpectedSpeed.Of(weights, limits[0], limits[^1]) };
    }

    private static (MachineLimits[] Limits, string? Warning) Measure(int threads, Func<int, double> read, CancellationToken interrupted)
    {
        var processors = Processors.Read();
        IEnumerable<int> counts = threads == 1 ? [1] : [1, threads];
        MachineLimits[] limits = [.. counts.Select(count => MachineLimits.Measure(count, processors, read, interrupted))];
        string? gain = Disturbance.OfGain(threads, processors.Cores, limits[0].KernelFma.Median, limits[^1].KernelFma.Median);
        return (limits, Disturbance.Warning(limits.SelectMany(limit => limit.Disturbances()).Append(gain)));
    }

    private static void Print(DiagnosisReport report, bool json, CommandConsole console)
    {
        if (json)
        {
            JsonOutput.Write(console.Output, report.Write);
            return;
        }
        using StreamWriter output = console.OutputText();
        report.Print(output);
    }
}
