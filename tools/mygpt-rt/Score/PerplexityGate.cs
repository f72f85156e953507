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

namespace MyGpt.CommandLine.Score;

/// <summary>A conversion that is kept only if perplexity on a text is not much larger than with the checkpoint's own values.</summary>
/// <param name="limit">Largest increase that holds, in percent.</param>
/// <param name="textPath">Where the text is from, for messages.</param>
/// <param name="text">The text.</param>
/// <param name="console">Where progress and warnings go; Ctrl-C ends the work.</param>
internal sealed class PerplexityGate(double limit, string textPath, string text, CommandConsole console)
{
    private TextComparison? _comparison;

    private bool Holds => _comparison!.PerplexityIncrease * 100 <= limit;

    /// <summary>Converts, and keeps the result if the gate holds: until then it lies beside its place under another name.</summary>
    /// <param name="checkpoint">The checkpoint, or a weights.bin.</param>
    /// <param name="weights">Where to write.</param>
    /// <param name="options">What the caller decides.</param>
    /// <param name="progress">Told how far the writing is.</param>
    /// <exception cref="CommandException">The gate does not hold, or cannot judge; nothing is kept, and what was there is unchanged.</exception>
    public ConversionReport Convert(string checkpoint, string weights, ConvertOptions options, IProgress<ConversionProgress> progress)
    {
        var interruptible = new InterruptibleProgress(progress, console.WatchInterrupt());
        using ExactWeights exact = ExactWeights.Of(checkpoint, weights, options, interruptible);
        using LanguageModel baseline = ModelOpener.Open(exact.Path, path => LanguageModel.Open(path));
        if (WeightOrigin.Of(baseline) is { IsExact: false } origin)
        {
            throw CommandException.Usage($"'{checkpoint}' is {origin.Stored}, {origin.Reason}: what it has lost already would not be counted; "
                + "convert the checkpoint itself, or compare afterwards with score --against");
        }
        ScoredText tokens = Encode(baseline, checkpoint);
        return Converter.Convert(checkpoint, weights, options, interruptible, written => Judge(written, weights, baseline, tokens));
    }

    /// <summary>Warns if the gate held but the text is too short to be sure of it.</summary>
    public void Warn()
    {
        TextComparison found = _comparison!;
        if (found.Increase.Mean <= 0 && found.Increase.Blocks > 1 || (found.PerplexityIncrease + 2 * found.PerplexityIncreaseError) * 100 <= limit)
            return;
        string why = found.Increase.Blocks < 2
            ? "the text is too short for a standard error"
            : $"two standard errors more would be above {LimitText()}";
        console.Messages.Warning($"{Increase()}: {why}; a longer text judges better");
    }

    /// <summary>Adds what was found to a table of two columns.</summary>
    public void Add(TextTable table)
    {
        TextComparison found = _comparison!;
        table.Add("gate", Messages.OneLine($"{Increase()}: at most {LimitText()} on '{textPath}', {Figures.Count(found.Increase.Count)} tokens"));
        table.Add("", string.Create(CultureInfo.InvariantCulture,
            $"KL divergence {found.Divergence.Mean:0.00000} nats per token, same top token for {found.SameTopShare:0.00 %}"));
    }

    /// <summary>Writes what was found as the member <c>gate</c>.</summary>
    public void Write(Utf8JsonWriter json)
    {
        TextComparison found = _comparison!;
        json.WriteStartObject("gate");
        json.WriteBoolean("holds", Holds);
        json.WriteNumber("max_perplexity_increase_percent", limit);
        json.WriteString("text", textPath);
        json.WriteNumber("tokens", found.Increase.Count);
        json.WriteNumber("blocks", found.Increase.Blocks);
        ScoreReport.WriteFigures(json, found.Score);
        json.WriteStartObject("against");
        ScoreReport.WriteFigures(json, found.Baseline);
        json.WriteEndObject();
        ComparisonReport.WriteChange(json, found);
        json.WriteEndObject();
    }

    private ScoredText Encode(LanguageModel baseline, string checkpoint)
    {
        try
        {
            return ScoredText.Encode(baseline, checkpoint, text, allowSpecial: false, UnknownText.Error, console);
        }
        catch (UnknownTextException failure)
        {
            throw new CommandException(ExitCode.Usage, $"'{textPath}' is no text of this model: {failure.Message}; give another text", failure);
        }
    }

    private void Judge(string written, string weights, LanguageModel baseline, ScoredText tokens)
    {
        using LanguageModel model = LanguageModel.Open(written);
        int contextLength = model.Gpt.Config.ContextLength;
        (_comparison, _) = new TextRuns(tokens, contextLength, contextLength, KvType.F32, console).Compare(model, baseline);
        if (!Holds)
        {
            throw new CommandException(ExitCode.CheckFailed, $"'{weights}' was not written: {Increase()} on '{textPath}', and at most "
                + $"{LimitText()} is allowed; give a wider --type, or allow more");
        }
    }

    private string Increase()
    {
        TextComparison found = _comparison!;
        string error = found.Increase.Blocks < 2 ? "" : string.Create(CultureInfo.InvariantCulture, $", standard error {found.PerplexityIncreaseError:0.00 %}");
        return string.Create(CultureInfo.InvariantCulture,
            $"perplexity {ComparisonReport.PerplexityChange(found)} ({found.Baseline.Perplexity:0.000} to {found.Score.Perplexity:0.000}{error})");
    }

    private string LimitText() => string.Create(CultureInfo.InvariantCulture, $"{limit} %");
}
