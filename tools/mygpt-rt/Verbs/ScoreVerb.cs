using System.CommandLine;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Score;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>score WEIGHTS.BIN TEXT</c>: how well a model predicts a text, alone or against another one.</summary>
internal sealed class ScoreVerb : IVerb
{
    private const string Outcomes = """


        exit codes  0 done, 2 usage, or text that the vocabulary does not have, 3 a file is damaged, or no model could score the text (not UTF-8,
                    above 16 MiB, fewer than two tokens), 4 a file cannot be read. No figure is a failure; convert --max-perplexity-increase judges
        """;

    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model");
    private readonly Argument<string> _text = InputFile.Argument("TEXT", "a file with the text in UTF-8 (a byte order mark is no part of it), or - for standard input");
    private readonly Option<string?> _against = InputFile.Option(
        "--against", "another weights.bin of the same vocabulary: show by how much the first is worse on the text, and where most; both in windows of the smaller context");

    private readonly Option<int?> _stride = Options.OptionalWhole(
        "--stride", [], "move each window by N tokens and score only what the one before did not reach [default: the context, so that windows do not overlap]", 1, 1 << 20);

    private readonly Option<bool> _special = Options.Flag("--special", "<|endoftext|> and its like are tokens in the text, not text");
    private readonly Option<UnknownText?> _unknown = Options.Unknown();
    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<KvType?> _kvType = Options.KvType();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");
    private readonly Option<bool> _perToken = Options.Flag("--per-token", "with --json: list every token with its loss and rank");

    public void Define(Command command)
    {
        command.Description += Outcomes;
        command.Arguments.Add(_weights);
        command.Arguments.Add(_text);
        foreach (Option option in new Option[] { _against, _stride, _special, _unknown, _threads, _kvType, _json, _perToken })
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_weights)!, textPath = arguments.GetValue(_text)!;
        if (arguments.GetValue(_perToken) && !arguments.GetValue(_json))
            throw CommandException.Usage("--per-token lists tokens as JSON; give --json too");
        using LanguageModel model = Open(path, arguments, textPath);
        using LanguageModel? against = arguments.GetValue(_against) is { } other ? Open(other, arguments) : null;
        if (against is not null)
            SameVocabulary.Require(model, path, against, arguments.GetValue(_against)!);
        int contextLength = Math.Min(model.Gpt.Config.ContextLength, against?.Gpt.Config.ContextLength ?? int.MaxValue);
        int stride = arguments.GetValue(_stride) ?? contextLength;
        if (stride > contextLength)
        {
            throw CommandException.Usage(
                $"--stride is {stride}, which would leave tokens out between windows of {contextLength}; it must be a whole number from 1 to {contextLength}");
        }
        ScoredText text = ScoredText.Encode(
            model, path, TextFile.ReadAny(textPath, console), arguments.GetValue(_special), arguments.GetValue(_unknown) ?? UnknownText.Error, console);
        text.Require(2, "the first is only looked at");
        ModelOpener.VerifyChecksums(path);   // a changed weight may leave a plausible figure
        if (arguments.GetValue(_against) is { } baseline)
            ModelOpener.VerifyChecksums(baseline);

        KvType kvType = arguments.GetValue(_kvType) ?? KvType.F32;
        var runs = new TextRuns(text, contextLength, stride, kvType, console);
        var setup = new ScoreSetup(contextLength, stride, kvType, model.Threads, Duration: default);
        IReport Report(TokenJson? tokens)
        {
            if (against is null)
            {
                (TextScore score, TimeSpan duration) = runs.Score(model, tokens is null ? null : tokens.Add);
                return new ScoreReport(score, setup with { Duration = duration });
            }
            (TextComparison comparison, TimeSpan time) = runs.Compare(model, against, tokens is null ? null : tokens.Add);
            return new ComparisonReport(comparison, text, setup with { Duration = time }, arguments.GetValue(_against)!);
        }
        Print(Report, text, arguments, console);
        return ExitCode.Done;
    }

    private LanguageModel Open(string path, ParseResult arguments, string? second = null) =>
        ModelOpener.Open(path, file => LanguageModel.Open(file, arguments.GetValue(_threads)), second);

    // Figures are printed when all are known; tokens as they come.
    private void Print(Func<TokenJson?, IReport> run, ScoredText text, ParseResult arguments, CommandConsole console)
    {
        if (arguments.GetValue(_perToken))
        {
            JsonOutput.Stream(console.Output, json =>
            {
                var tokens = new TokenJson(json, text);
                tokens.Begin();
                IReport report = run(tokens);
                tokens.End();
                report.Write(json);
            });
            return;
        }
        IReport whole = run(null);
        if (arguments.GetValue(_json))
        {
            JsonOutput.Write(console.Output, whole.Write);
            return;
        }
        using StreamWriter output = console.OutputText();
        whole.Print(output);
    }
}
