using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Scoring;

namespace MyGpt.CommandLine.Score;

/// <summary>Scores and compares models over whole texts.</summary>
/// <param name="text">The text.</param>
/// <param name="contextLength">T_max; of two models the smaller.</param>
/// <param name="stride">How far each window is from the one before, 1 to T_max.</param>
/// <param name="kvType">What keys and values are cached as.</param>
/// <param name="console">Where the progress is shown; Ctrl-C ends the run.</param>
internal sealed class TextRuns(ScoredText text, int contextLength, int stride, KvType kvType, CommandConsole console)
{
    private readonly WindowRun _run = new(text, contextLength, stride, console);

    /// <summary>Scores a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="visit">Gets the place of each token that is predicted and its score; null for nobody.</param>
    /// <returns>The sums, and how long it took.</returns>
    /// <exception cref="CommandException">A loss is not a number.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public (TextScore Score, TimeSpan Duration) Score(LanguageModel model, Action<int, TokenScore>? visit = null)
    {
        using var scorer = new TokenScorer(model.Gpt, model.Threads, kvType);
        var sum = new TextScore(contextLength);
        TimeSpan duration = _run.Run<TokenScore>(scorer.Score, (index, score) =>
        {
            Require(score.Loss, index, "the model");
            sum.Add(score.Loss, text.ByteCount(index));
            visit?.Invoke(index, score);
        });
        return (sum, duration);
    }

    /// <summary>Compares a model with a baseline of the same vocabulary.</summary>
    /// <param name="model">The model.</param>
    /// <param name="baseline">The baseline.</param>
    /// <param name="visit">Gets the place of each token that is predicted and how both did; null for nobody.</param>
    /// <returns>The sums, and how long both took.</returns>
    /// <exception cref="CommandException">A figure is not a number.</exception>
    /// <exception cref="OperationCanceledException">Ctrl-C.</exception>
    public (TextComparison Comparison, TimeSpan Duration) Compare(LanguageModel model, LanguageModel baseline, Action<int, TokenComparison>? visit = null)
    {
        using var comparer = new TokenComparer(model.Gpt, baseline.Gpt, model.Threads, kvType);
        var sum = new TextComparison(contextLength);
        TimeSpan duration = _run.Run<TokenComparison>(comparer.Compare, (index, comparison) =>
        {
            Require(comparison.Baseline.Loss, index, "the baseline");
            Require(comparison.Score.Loss, index, "the model");
            Require(comparison.Divergence, index, "one of the models");
            sum.Add(index, comparison, text.ByteCount(index));
            visit?.Invoke(index, comparison);
        });
        return (sum, duration);
    }

    // At once: what follows would only be summed up to no number.
    private static void Require(double figure, int index, string who)
    {
        if (double.IsFinite(figure))
            return;
        throw new CommandException(ExitCode.BadFile,
            $"the loss is not a number at token {index}: {who} computes NaN or infinite logits; does the checkpoint hold NaN or infinite weights?");
    }
}
