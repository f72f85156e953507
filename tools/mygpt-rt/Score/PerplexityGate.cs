using System.Globalization;
using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Terminal;
using MyGpt.CommandLine.Verbs;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Score;

/// <summary>A conversion that is kept only if perplexity on a text is not much larger than with the checkpoint's own values.</summary>
/// <param name="limit">Largest increase that holds, in percent.</param>
/// <param name="textPath">Where the text is from, for messages.</param>
/// <param name="text">The text.</param>
/// <param name="console">Where progress and warnings go; Ctrl-C ends the work.</param>
internal sealed class PerplexityGate(double limit, string textPath, string text, CommandConsole console)
{
    // Null until it is judged, and where there is nothing to judge.
    private TextComparison? _comparison;

    private bool Holds => _comparison is not { } found || found.PerplexityIncrease * 100 <= limit;

    /// <summary>Converts, and keeps the result if the gate holds: until then it lies beside its place under another name. A result with the checkpoint's own values always holds.</summary>
    /// <param name="checkpoint">The checkpoint, or a weights.bin.</param>
    /// <param name="weights">Where to write.</param>
    /// <param name="options">What the caller decides.</param>
    /// <param name="progress">Told how far the writing is.</param>
    /// <exception cref="CommandException">The gate does not hold, or cannot judge; nothing is kept, and what was there is unchanged.</exception>
    public ConversionReport Convert(string checkpoint, string weights, ConvertOptions options, IProgress<ConversionProgress> progress)
    {
        var interruptible = new InterruptibleProgress(progress, console.WatchInterrupt());
        RefuseRounded(checkpoint);
        return Converter.Convert(checkpoint, weights, options, interruptible, Check);

        void Check(string written)
        {
            using LanguageModel model = LanguageModel.Open(written);
            if (WeightOrigin.Of(model).IsExact)
                return;
            ScoredText tokens = Encode(model, checkpoint);
            using ExactWeights exact = ExactWeights.Of(checkpoint, weights, options, interruptible);
            using LanguageModel baseline = LanguageModel.Open(exact.Path);
            Judge(model, weights, baseline, tokens);
        }
    }

    /// <summary>Warns if the gate held but the text is too short to be sure of it.</summary>
    public void Warn()
    {
        if (_comparison is { } found && (found.PerplexityIncrease + 2 * found.PerplexityIncreaseError) * 100 > limit)
            console.Messages.Warning($"{Increase(found)}: two standard errors more would be above {LimitText()}; a longer text judges better");
    }

    /// <summary>Adds what was found to a table of two columns.</summary>
    public void Add(TextTable table)
    {
        if (_comparison is not { } found)
        {
            table.Add("gate", "the checkpoint's values are kept exactly: nothing to judge");
            return;
        }
        table.Add("gate", Messages.OneLine($"{Increase(found)}: at most {LimitText()} on '{textPath}', {Figures.Count(found.Increase.Count)} tokens"));
        table.Add("", string.Create(CultureInfo.InvariantCulture,
            $"KL divergence {found.Divergence.Mean:0.00000} nats per token, same top token for {found.SameTopShare:0.00 %}"));
    }

    /// <summary>Writes what was found as the member <c>gate</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("gate");
        json.WriteBoolean("holds", Holds);
        json.WriteBoolean("judged", _comparison is not null);
        json.WriteNumber("max_perplexity_increase_percent", limit);
        json.WriteString("text", textPath);
        if (_comparison is { } found)
            WriteFigures(json, found);
        json.WriteEndObject();
    }

    private static void WriteFigures(Utf8JsonWriter json, TextComparison found)
    {
        json.WriteNumber("tokens", found.Increase.Count);
        json.WriteNumber("blocks", found.Increase.Blocks);
        ScoreReport.WriteFigures(json, found.Score);
        json.WriteStartObject("against");
        ScoreReport.WriteFigures(json, found.Baseline);
        json.WriteEndObject();
        ComparisonReport.WriteChange(json, found);
    }

    private static void RefuseRounded(string checkpoint)
    {
        if (!File.Exists(checkpoint) || !WeightsFile.IsWeightsFile(checkpoint))
            return;
        using LanguageModel model = LanguageModel.Open(checkpoint);
        if (WeightOrigin.Of(model) is { IsExact: false } origin)
        {
            throw CommandException.Usage($"'{checkpoint}' is {origin.Stored}, {origin.Reason}: what it has lost already would not be counted; "
                + "convert the checkpoint itself, or compare afterwards with score --against");
        }
    }

    // A standard error takes two blocks; without one nobody could tell an increase from chance.
    private ScoredText Encode(LanguageModel model, string checkpoint)
    {
        if (model.Tokenizer is null)
            throw NoVocabulary.CannotJudge(checkpoint);
        try
        {
            ScoredText tokens = ScoredText.Encode(model, checkpoint, text, allowSpecial: false, UnknownText.Error, console);
            int contextLength = model.Gpt.Config.ContextLength;
            tokens.Require(contextLength + 2, $"more than a window of {Figures.Count(contextLength)}, or there is no standard error; give another --text");
            return tokens;
        }
        catch (UnknownTextException failure)
        {
            throw new CommandException(ExitCode.Usage, $"'{textPath}' is no text of this model: {failure.Message}; give another text", failure);
        }
    }

    private void Judge(LanguageModel model, string weights, LanguageModel baseline, ScoredText tokens)
    {
        int contextLength = model.Gpt.Config.ContextLength;
        (TextComparison found, _) = new TextRuns(tokens, contextLength, contextLength, KvType.F32, console).Compare(model, baseline);
        _comparison = found;
        if (!Holds)
        {
            throw new CommandException(ExitCode.CheckFailed, $"'{weights}' was not written: {Increase(found)} on '{textPath}', and at most "
                + $"{LimitText()} is allowed; give a wider --type, or allow more");
        }
    }

    private static string Increase(TextComparison found) => string.Create(CultureInfo.InvariantCulture,
        $"perplexity {ComparisonReport.PerplexityChange(found)} ({found.Baseline.Perplexity:0.000} to {found.Score.Perplexity:0.000}, "
        + $"standard error {found.PerplexityIncreaseError:0.00 %})");

    private string LimitText() => string.Create(CultureInfo.InvariantCulture, $"{limit} %");
}
