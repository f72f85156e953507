namespace MyGpt.Runtime.Scoring;

/// <summary>How differently two models predicted the tokens of a text: running sums.</summary>
/// <param name="blockLength">Tokens in a block of the standard errors: the predictions of a window, T_max.</param>
public sealed class TextComparison(int blockLength)
{
    private const int WorstCount = 10;

    /// <summary>The model's score.</summary>
    public TextScore Score { get; } = new(blockLength);

    /// <summary>The baseline's score of the same tokens.</summary>
    public TextScore Baseline { get; } = new(blockLength);

    /// <summary>By how much the model's loss is larger, in nats. Token by token, so what is hard for both adds nothing to its standard error.</summary>
    public CorrelatedMean Increase { get; } = new(blockLength);

    /// <summary>KL(baseline || model) of the distributions of the next token, in nats.</summary>
    public CorrelatedMean Divergence { get; } = new(blockLength);

    /// <summary>Tokens for which both models find the same token the most likely one.</summary>
    public long SameTopCount { get; private set; }

    /// <summary>Their share, 0 to 1; NaN before the first token.</summary>
    public double SameTopShare => (double)SameTopCount / Increase.Count;

    /// <summary>The tokens that the model predicts worse by most.</summary>
    public WorstTokens Worst { get; } = new(WorstCount);

    /// <summary>By how much the model's perplexity is larger, as a share of the baseline's: 0.02 is 2 %. e^(increase of the mean loss) - 1.</summary>
    public double PerplexityIncrease => ExpMinusOne(Increase.Mean);

    /// <summary>The standard error of <see cref="PerplexityIncrease"/>: that of the loss, times the slope of e^x there.</summary>
    public double PerplexityIncreaseError => Math.Exp(Increase.Mean) * Increase.StandardError;

    /// <summary>Counts a token.</summary>
    /// <param name="index">Its index in the text.</param>
    /// <param name="comparison">How it was predicted.</param>
    /// <param name="bytes">Its length in UTF-8.</param>
    public void Add(int index, TokenComparison comparison, int bytes)
    {
        Score.Add(comparison.Score.Loss, bytes);
        Baseline.Add(comparison.Baseline.Loss, bytes);
        Increase.Add(comparison.Increase);
        Divergence.Add(comparison.Divergence);
        SameTopCount += comparison.SameTop ? 1 : 0;
        Worst.Add(index, comparison);
    }

    // 2 sinh(x / 2) e^(x / 2): without the cancellation of e^x - 1 near 0.
    private static double ExpMinusOne(double x) => 2 * Math.Sinh(x / 2) * Math.Exp(x / 2);
}
