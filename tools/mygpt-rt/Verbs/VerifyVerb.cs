using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>verify WEIGHTS.BIN EXPECTED.JSON</c>: our logits, and the operations on the way to them, against a reference.</summary>
internal sealed class VerifyVerb : IVerb
{
    private const string Verdicts = """


        PASS        no |logit - reference| above the limit, the same most likely token at every position, the same greedy text;
                    with --layers no operation that diverges
        FAIL        one of these does not hold
        NOT JUDGED  the weights are narrower than the checkpoint's (bf16 of float32, q8, q4): give --tolerance, or see score --against
        limit       the larger of 3e-6 of the largest |logit| and 3 times the error of the reference's own float32 run
        exit codes  0 PASS, 5 FAIL or NOT JUDGED, 2 usage, 3 a file is damaged or of another model, 4 a file cannot be read
        """;

    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model");
    private readonly Argument<string> _expected = InputFile.Argument("EXPECTED.JSON", "the reference: see docs/reference-logits.md");

    private readonly Option<double?> _tolerance =
        Options.OptionalNonNegative("--tolerance", "the limit, instead of the rule's; narrower weights are judged by it alone");

    private readonly Option<bool> _layers = Options.Flag("--layers", "compare each operation with the reference's hidden states, and name the first that diverges");

    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Description += Verdicts;
        command.Arguments.Add(_weights);
        command.Arguments.Add(_expected);
        foreach (Option option in new Option[] { _tolerance, _layers, _threads, _json })
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        int? threads = arguments.GetValue(_threads);
        string weights = arguments.GetValue(_weights)!, expected = arguments.GetValue(_expected)!;
        using LanguageModel model = ModelOpener.Open(weights, path => LanguageModel.Open(path, threads), expected);
        InputFile.Require(expected);
        ReferenceSet reference = ReferenceReader.Read(expected);
        bool withLayers = arguments.GetValue(_layers);
        if (withLayers && reference.Cases.All(item => item.Hidden is null))
            throw CommandException.Usage($"--layers needs hidden states, and '{expected}' has none; docs/reference-logits.md says what they are");
        ModelOpener.VerifyChecksums(weights);   // a changed weight may be too small a change for the logits to show
        WeightOrigin origin = WeightOrigin.Of(model);
        double? tolerance = arguments.GetValue(_tolerance);

        using var activations = new Activations(model.Gpt.Config, model.Threads);
        var greedy = new GreedyContinuation(model);
        Verification result = new Verifier(model.Gpt, activations, greedy.Continue).Run(reference, origin.IsExact, tolerance, withLayers);
        if (!result.IsJudged)
        {
            string way = tolerance is null
                ? "the figures are shown, and nothing is judged without --tolerance X"
                : "--tolerance judges logits, and the reference has none";
            console.Messages.Warning($"the weights are {origin.Stored}, {origin.Reason}: the rule for exact weights does not apply; {way}");
        }
        if (arguments.GetValue(_json))
            JsonOutput.Write(console.Output, json => VerificationJson.Write(json, result));
        else
            new VerificationReport(result, isExact: origin.IsExact).Print(console);
        return result.Pass ? ExitCode.Done : ExitCode.CheckFailed;
    }
}
