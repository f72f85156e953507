using System.CommandLine;
using System.Diagnostics;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>score WEIGHTS.BIN TEXT</c>: how well a model predicts a text.</summary>
internal sealed class ScoreVerb : IVerb
{
    // Scored once before the clock starts, and a short text again until the clock says something: its first pass is compiling and fetching memory.
    private const int WarmUpTokens = 16;
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(50);

    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model");
    private readonly Argument<string> _text = InputFile.Argument("TEXT", "a file with the text in UTF-8 (a byte order mark is no part of it), or - for standard input");
    private readonly Option<bool> _special = Options.Flag("--special", "<|endoftext|> and its like are tokens in the text, not text");
    private readonly Option<UnknownText?> _unknown = Options.Unknown();
    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<KvType?> _kvType = Options.KvType();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        command.Arguments.Add(_text);
        foreach (Option option in new Option[] { _special, _unknown, _threads, _kvType, _json })
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_weights)!, textPath = arguments.GetValue(_text)!;
        using LanguageModel model = ModelOpener.Open(path, file => LanguageModel.Open(file, arguments.GetValue(_threads)));
        if (model.Tokenizer is null)
            throw NoVocabulary.CannotScore(path);
        string text = textPath == TextFile.StandardInput ? TextFile.ReadStandardInput(replaceInvalid: false, console) : TextFile.Read(textPath, replaceInvalid: false, console);
        int[] tokens = Encode(model, text, arguments, console);
        if (tokens.Length < 2)
            throw CommandException.Usage($"the text has {tokens.Length} token{(tokens.Length == 1 ? "" : "s")}; at least 2 are needed, the first is only looked at");

        KvType kvType = arguments.GetValue(_kvType) ?? KvType.F32;
        (TextScore score, TimeSpan duration) = Score(model, tokens, kvType, console);
        if (!double.IsFinite(score.MeanLoss))
            throw new CommandException(ExitCode.BadFile, "the loss is not a number: the model computes NaN or infinite logits; does the checkpoint hold NaN or infinite weights?");
        var report = new ScoreReport(score, model.Gpt.Config.ContextLength, kvType, model.Threads, duration);
        if (arguments.GetValue(_json))
        {
            JsonOutput.Write(console.Output, report.Write);
            return ExitCode.Done;
        }
        using StreamWriter output = console.OutputText();
        report.Print(output);
        return ExitCode.Done;
    }

    // Where every text that the model was trained on began with a token, this one does too.
    private int[] Encode(LanguageModel model, string text, ParseResult arguments, CommandConsole console)
    {
        ITokenizer tokenizer = model.Tokenizer!;
        bool allowSpecial = arguments.GetValue(_special);
        UnknownText unknown = arguments.GetValue(_unknown) ?? UnknownText.Error;
        int[] tokens = tokenizer.Encode(text, allowSpecial, unknown);
        UnknownTextWarning.Show(tokenizer, text, allowSpecial, unknown, console);
        GenerationDefaults family = model.Description.Generation;
        return family is { StartBeforePrompt: true, StartToken: { } first } ? [first, .. tokens] : tokens;
    }

    private static (TextScore Score, TimeSpan Duration) Score(LanguageModel model, int[] tokens, KvType kvType, CommandConsole console)
    {
        CancellationToken interrupted = console.WatchInterrupt();
        using var progress = new Progress(console);
        using var scorer = new TokenScorer(model.Gpt, model.Threads, kvType);
        ScoreWindow[] windows = [.. ScoreWindow.Consecutive(tokens.Length, model.Gpt.Config.ContextLength)];
        double[] losses = new double[windows[0].Predictions];   // no other is longer
        int warmUp = Math.Min(WarmUpTokens, losses.Length);
        scorer.Losses(tokens.AsSpan(0, warmUp + 1), losses.AsSpan(0, warmUp), interrupted);

        long start = Stopwatch.GetTimestamp();
        TextScore score = Pass(progress);
        int passes = 1;
        for (; Stopwatch.GetElapsedTime(start) < LongEnough; passes++)
            Pass(null);
        return (score, Stopwatch.GetElapsedTime(start) / passes);

        TextScore Pass(Progress? shown)
        {
            var sum = new TextScore();
            foreach (ScoreWindow window in windows)
            {
                shown?.Show($"{Figures.Count(sum.Tokens)} of {Figures.Count(tokens.Length - 1)} tokens");
                Span<double> found = losses.AsSpan(0, window.Predictions);
                scorer.Losses(tokens.AsSpan(window.Tokens), found, interrupted);
                sum.Add(found);
            }
            return sum;
        }
    }
}
