using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>verify WEIGHTS.BIN EXPECTED.JSON</c>: our logits against reference logits.</summary>
internal sealed class VerifyVerb : IVerb
{
    private readonly Argument<string> _weights = new("WEIGHTS.BIN") { Description = "the model" };
    private readonly Argument<string> _expected = new("EXPECTED.JSON") { Description = "the reference: see docs/reference-logits.md" };

    private readonly Option<double?> _tolerance =
        Options.OptionalNonNegative("--tolerance", "largest |logit - reference| to accept, instead of the rule's");

    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        command.Arguments.Add(_expected);
        foreach (Option option in new Option[] { _tolerance, _threads, _json })
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        int? threads = arguments.GetValue(_threads);
        using LanguageModel model = ModelOpener.Open(arguments.GetValue(_weights)!, path => LanguageModel.Open(path, threads));
        ReferenceSet reference = ReferenceReader.Read(arguments.GetValue(_expected)!);
        WeightOrigin origin = WeightOrigin.Of(model);
        double? tolerance = arguments.GetValue(_tolerance);

        using var activations = new Activations(model.Gpt.Config, model.Threads);
        var greedy = new GreedyContinuation(model);
        Verification result = new Verifier(model.Gpt, activations, greedy.Continue).Run(reference, origin.IsExact, tolerance);
        if (!origin.IsExact && tolerance is null)
        {
            console.Messages.Warning($"the weights are {origin.Stored}, {origin.Reason}: "
                + "they are not judged by the rule for exact weights; give --tolerance X to judge them");
        }
        var report = new VerificationReport(result, isExact: origin.IsExact);
        if (arguments.GetValue(_json))
            JsonOutput.Write(console.Output, report.Write);
        else
            report.Print(console);
        return result.Pass ? ExitCode.Done : ExitCode.CheckFailed;
    }
}
