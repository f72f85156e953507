using System.CommandLine;
using System.Diagnostics;
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
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        command.Options.Add(_threads);
        command.Options.Add(_json);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_weights)!;
        using LanguageModel model = LoadedModel.Open(path, arguments.GetValue(_threads)).Model;
        var report = new BenchReport(Measure(path, model, console));
        if (arguments.GetValue(_json))
        {
            JsonOutput.Write(console.Output, report.Write);
            return ExitCode.Done;
        }
        using StreamWriter output = console.OutputText();
        report.Print(output);
        return ExitCode.Done;
    }

    private static BenchResult Measure(string path, LanguageModel model, CommandConsole console)
    {
        CancellationToken interrupted = console.WatchInterrupt();
        using var progress = new Progress(console);
        using var activations = new Activations(model.Gpt.Config, model.Threads);
        using var workload = new Workload(model.Gpt, activations);
        var generation = new GenerationWorkload(model, workload);

        Spread Repeated(string what, Func<double> measure)
        {
            progress.Show(what);
            return Repeat.Measure(measure, interrupted);
        }

        bool decodes = workload.CanDecode;
        Spread? decode = decodes ? Repeated("decode", workload.DecodeRate) : null;
        Spread? sampled = decodes && model.Tokenizer is not null ? Repeated("decode, sampled", generation.SampledRate) : null;
        Spread prefill = Repeated("prefill", workload.PrefillRate);
        Spread overflow;
        using (generation.BeginPastWindow())
            overflow = Repeated("past the window", generation.PastWindowRate);
        Spread open = Repeated("open", () => OpenMilliseconds(path, model.Threads));
        // The probe's own memory comes after this: it is not the model's.
        double peak = Process.GetCurrentProcess().PeakWorkingSet64 / 1e6;

        progress.Show("first token of a new process");
        Spread? firstToken = FirstToken.Milliseconds(path, workload.Prompt(workload.PromptLength), model.Threads);
        progress.Show("the machine");
        return new BenchResult
        {
            Type = ModelCost.MatrixType(model.Gpt.Weights),
            Threads = model.Threads,
            BytesPerToken = ModelCost.BytesPerToken(model.Gpt.Weights),
            PrefillFlopsPerToken = ModelCost.PrefillFlopsPerToken(model.Gpt.Weights, model.Gpt.Config, workload.PrefillLength),
            Decode = decode,
            Sampled = sampled,
            Prefill = prefill,
            Overflow = overflow,
            OpenMilliseconds = open,
            FirstTokenMilliseconds = firstToken,
            PeakMegabytes = peak,
            ReadMemory = ReadProbe.FromMemory(model.Threads),
            ReadMapped = ReadProbe.FromMappedFile(model.Threads),
            Fma = FmaProbe.GigaFlops(model.Threads),
        };
    }

    private static double OpenMilliseconds(string path, int threads)
    {
        using LoadedModel model = LoadedModel.Open(path, threads);
        return model.OpenMilliseconds;
    }
}
