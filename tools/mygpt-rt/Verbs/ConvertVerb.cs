using System.CommandLine;
using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Score;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>convert CHECKPOINT [WEIGHTS.BIN]</c>: recognises, explains, writes.</summary>
internal sealed class ConvertVerb : IVerb
{
    private readonly Argument<string> _checkpoint = InputFile.Argument(
        "CHECKPOINT", "the file that the training code saved, or its folder; or a weights.bin, with --type");

    private readonly Argument<string> _weights = new("WEIGHTS.BIN")
    {
        Arity = ArgumentArity.ZeroOrOne,
        Description = "the file to write",
        DefaultValueFactory = _ => "weights.bin",
    };

    private readonly Option<ElementType?> _type = Options.OneOf(
        "--type", "type of the matrices [default: bf16 for a bf16 checkpoint, else f32]",
        ("f32", ElementType.F32), ("bf16", ElementType.Bf16), ("q8", ElementType.Q8), ("q4", ElementType.Q4));

    private readonly Option<int?> _heads =
        Options.OptionalWhole("--heads", [], "number of attention heads, for a checkpoint that does not say it", 1, 65536);

    private readonly Option<ActivationKind?> _activation = Options.OneOf(
        "--activation", "the MLP's nonlinearity, instead of what the checkpoint or its family says", ("gelu-erf", ActivationKind.GeluErf),
        ("gelu-tanh", ActivationKind.GeluTanh), ("relu", ActivationKind.Relu), ("relu-squared", ActivationKind.ReluSquared),
        ("silu", ActivationKind.Silu));

    private readonly Option<int?> _kvHeads =
        Options.OptionalWhole("--kv-heads", [], "number of key/value heads, where neither the config nor the matrices say it", 1, 65536);

    private readonly Option<int?> _context =
        Options.OptionalWhole("--context", [], "context length, for rotary positions, which do not show it", 1, 1 << 20);

    private readonly Option<NormKind?> _norm = Options.OneOf(
        "--norm", "the norm, where the checkpoint does not say it", ("layer", NormKind.LayerNorm), ("rms", NormKind.RmsNorm));

    private readonly Option<float?> _normEpsilon = Options.OptionalPositive(
        "--norm-epsilon", "what the norm adds before its root, instead of what the checkpoint or its family says");

    private readonly Option<PositionKind?> _rotary = Options.OneOf(
        "--rotary", "what the rotation pairs: neighbours, or the halves of a head", ("pairs", PositionKind.RotaryPairs),
        ("halves", PositionKind.RotaryHalves));

    private readonly Option<float?> _rotaryBase = Options.OptionalPositive("--rotary-base", "base of the rotation's frequencies");

    private readonly Option<string?> _vocab =
        InputFile.Option("--vocab", "vocabulary: one token a line; JSON: an array of strings, {token: id}, "
            + "Hugging Face's tokenizer.json, or its vocab.json with merges.txt beside it; or a nanoGPT meta.pkl");

    private readonly GateOptions _gate = new();
    private readonly Option<bool> _force = Options.Flag("--force", "replace WEIGHTS.BIN if it exists");
    private readonly Option<bool> _allowNonFinite = Options.Flag("--allow-nonfinite", "write NaN and infinite weights, not refuse them");
    private readonly Option<bool> _json = Options.Flag("--json", "print the report as a JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_checkpoint);
        command.Arguments.Add(_weights);
        Option[] options =
        [
            _type, _heads, _kvHeads, _context, _activation, _norm, _normEpsilon, _rotary, _rotaryBase, _vocab, _force, _allowNonFinite, _json,
        ];
        foreach (Option option in options)
            command.Options.Add(option);
        _gate.Define(command);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string checkpoint = arguments.GetValue(_checkpoint)!, weights = arguments.GetValue(_weights)!;
        ConvertOptions options = ReadOptions(arguments);
        CheckArguments(checkpoint, weights, options);
        CheckTarget(weights, options.Overwrite);
        InputFile.RequireFileOrFolder(checkpoint);
        if (arguments.GetValue(_vocab) is { } vocabulary)
            InputFile.Require(vocabulary);
        PerplexityGate? gate = _gate.Read(arguments, weights, console);
        ConversionReport report;
        try
        {
            report = Convert(checkpoint, weights, options, gate, console);
        }
        catch (CommandException failure) when (failure.Code == ExitCode.CheckFailed && arguments.GetValue(_json))
        {
            JsonOutput.Write(console.Output, json => WriteRefused(json, checkpoint, gate!));
            throw;
        }
        ReportText.Warn(report.Lines, console);
        gate?.Warn();
        if (arguments.GetValue(_json))
            JsonOutput.Write(console.Output, json => Write(json, checkpoint, report, gate));
        else
            Print(checkpoint, report, gate, console);
        return ExitCode.Done;
    }

    private ConvertOptions ReadOptions(ParseResult arguments) => new()
    {
        Heads = arguments.GetValue(_heads),
        KvHeads = arguments.GetValue(_kvHeads),
        ContextLength = arguments.GetValue(_context),
        Activation = arguments.GetValue(_activation),
        Norm = arguments.GetValue(_norm),
        NormEpsilon = arguments.GetValue(_normEpsilon),
        Rotary = arguments.GetValue(_rotary),
        RotaryBase = arguments.GetValue(_rotaryBase),
        VocabPath = arguments.GetValue(_vocab),
        Type = arguments.GetValue(_type),
        AllowNonFinite = arguments.GetValue(_allowNonFinite),
        Overwrite = arguments.GetValue(_force),
    };

    private static void CheckArguments(string checkpoint, string weights, ConvertOptions options)
    {
        if (weights.Length == 0)
            throw CommandException.Usage("WEIGHTS.BIN is empty; give the name of a file");
        if (weights == TextFile.StandardInput)
            throw CommandException.Usage("WEIGHTS.BIN is '-', but weights are not written to standard output; give the name of a file (./- for one of this name)");
        if (Path.GetFullPath(weights) == Path.GetFullPath(checkpoint))
            throw CommandException.Usage($"'{weights}' is the checkpoint itself; give another name for the weights");
        if (!File.Exists(checkpoint))
            return;
        if (options.Type is null && WeightsFile.IsWeightsFile(checkpoint))
        {
            throw CommandException.Usage($"'{checkpoint}' is a weights.bin already; use it as it is: mygpt-rt generate {checkpoint}, "
                + "or give --type for a narrower one");
        }
        try
        {
            Converter.CheckNarrowing(checkpoint, options);
        }
        catch (OptionException failure)
        {
            throw Unfit(checkpoint, failure);
        }
    }

    // Before any work: reading a large checkpoint only to find that the result has no place would try anybody's patience.
    private static void CheckTarget(string weights, bool force)
    {
        string target = Path.GetFullPath(weights);
        if (Directory.Exists(target))
            throw new CommandException(ExitCode.CannotAccess, $"'{weights}' is a folder; give the name of a file in it");
        if (Path.GetDirectoryName(weights) is { Length: > 0 } folder && !Directory.Exists(folder))
            throw CannotWrite(weights, $"the folder '{folder}' does not exist; make it first");
        AtomicFile.CheckPlace(weights);
        if (!force && File.Exists(target))
            throw CommandException.Usage($"'{weights}' exists; give --force to replace it, or another name");
    }

    private static ConversionReport Convert(string checkpoint, string weights, ConvertOptions options, PerplexityGate? gate, CommandConsole console)
    {
        using var progress = new ProgressBar(console);
        try
        {
            return gate is null ? Converter.Convert(checkpoint, weights, options, progress) : gate.Convert(checkpoint, weights, options, progress);
        }
        catch (OptionException failure)
        {
            throw Unfit(checkpoint, failure);
        }
        catch (FileNotFoundException failure) when (Path.Exists(checkpoint) && Path.Exists(options.VocabPath ?? checkpoint))
        {
            // What is not there is the file to be written: some folders, such as /proc, take none.
            throw CannotWrite(weights, "its folder takes no files; choose another one", failure);
        }
    }

    private static CommandException Unfit(string checkpoint, OptionException failure) =>
        new(ExitCode.Usage, $"'{checkpoint}': {failure.Message}", failure);

    private static CommandException CannotWrite(string weights, string why, Exception? failure = null) =>
        new(ExitCode.CannotAccess, $"cannot write '{weights}': {why}", failure);

    // The file itself: what a link has as its size is the length of a name.
    private static FileInfo Written(ConversionReport report) =>
        new(File.ResolveLinkTarget(report.WeightsPath, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(report.WeightsPath));

    private static void Print(string checkpoint, ConversionReport report, PerplexityGate? gate, CommandConsole console)
    {
        using StreamWriter output = console.OutputText();
        var table = new TextTable(false, false);
        table.Add("checkpoint", $"{Messages.OneLine(checkpoint)}: {report.Container}, {report.Family}");
        ConfigText.Add(table, report.Config);
        ReportText.Add(table, report.Lines);
        gate?.Add(table);
        FileInfo written = Written(report);
        string link = written.FullName == Path.GetFullPath(report.WeightsPath) ? "" : $" (a link to {written.FullName})";
        table.Add("wrote", Messages.OneLine($"{report.WeightsPath}{link}: {report.MatrixType.Code()}, {Figures.Bytes(written.Length)}"));
        table.Write(output);
    }

    private static void WriteRefused(Utf8JsonWriter json, string checkpoint, PerplexityGate gate)
    {
        json.WriteString("checkpoint", checkpoint);
        json.WriteNull("weights");
        gate.Write(json);
    }

    private static void Write(Utf8JsonWriter json, string checkpoint, ConversionReport report, PerplexityGate? gate)
    {
        json.WriteString("checkpoint", checkpoint);
        json.WriteString("weights", report.WeightsPath);
        json.WriteString("container", report.Container);
        json.WriteString("family", report.Family);
        json.WriteString("type", report.MatrixType.Code());
        json.WriteNumber("parameters", report.ParameterCount);
        json.WriteNumber("bytes", Written(report).Length);
        json.WritePropertyName("config");
        GptConfigJson.Write(report.Config).WriteTo(json);
        ReportText.Write(json, report.Lines);
        gate?.Write(json);
    }
}
