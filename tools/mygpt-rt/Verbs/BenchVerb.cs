using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>bench WEIGHTS.BIN</c>: tokens per second, and how far that is from what the machine can do in the same minutes.</summary>
internal sealed class BenchVerb : IVerb
{
    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model");
    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<KvType?> _kvType = Options.KvType();
    private readonly Option<bool> _quick = Options.Flag("--quick", "only decoding, prefill and the machine's limits");
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        foreach (Option option in new Option[] { _threads, _kvType, _quick, _json })
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_weights)!;
        using LanguageModel model = LoadedModel.Open(path, arguments.GetValue(_threads)).Model;
        BenchResult result;
        using (var benchmark = new Benchmark(path, model, arguments.GetValue(_kvType) ?? KvType.F32, console))
            result = benchmark.Run(arguments.GetValue(_quick));
        Print(new BenchReport(result), arguments.GetValue(_json), console);
        if (result.Warning is { } warning)
            console.Messages.Warning(warning);
        return ExitCode.Done;
    }

    private static void Print(BenchReport report, bool json, CommandConsole console)
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
