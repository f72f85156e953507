namespace MyGpt.Runtime.Scoring;

/// <summary>How well a model predicted the tokens of a text: a running sum.</summary>
public sealed class TextScore
{
    /// <summary>Tokens that were predicted.</summary>
    public long Tokens { get; private set; }

    /// <summary>Sum of -ln p over them, in nats.</summary>
    public double TotalLoss { get; private set; }

    /// <summary>Mean of -ln p, in nats per token: what the tutorials call validation loss. NaN before the first token.</summary>
    public double MeanLoss => TotalLoss / Tokens;

    /// <summary>e^(mean loss): among how many equally likely tokens the model would have been as undecided.</summary>
    public double Perplexity => Math.Exp(MeanLoss);

    /// <summary>Counts some more tokens.</summary>
    /// <param name="losses">-ln p of each.</param>
    public void Add(ReadOnlySpan<double> losses)
    {
        foreach (double loss in losses)
            TotalLoss += loss;
        Tokens += losses.Length;
    }
}
