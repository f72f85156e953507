namespace MyGpt.Runtime.Scoring;

/// <summary>How well a model predicted the tokens of a text: a running sum.</summary>
/// <param name="blockLength">Tokens in a block of the standard error: the predictions of a window, T_max.</param>
public sealed class TextScore(int blockLength)
{
    /// <summary>-ln p of the tokens, in nats: their mean is what the tutorials call validation loss.</summary>
    public CorrelatedMean Loss { get; } = new(blockLength);

    /// <summary>UTF-8 bytes of the tokens that were predicted.</summary>
    public long Bytes { get; private set; }

    /// <summary>e^(mean loss): among how many equally likely tokens the model would have been as undecided. NaN before the first token.</summary>
    public double Perplexity => Math.Exp(Loss.Mean);

    /// <summary>Bits that a coder with this model would need for a byte of the text: comparable between vocabularies. NaN where the tokens have no text.</summary>
    public double BitsPerByte => Bytes > 0 ? Loss.Total / Math.Log(2) / Bytes : double.NaN;

    /// <summary>Counts a token.</summary>
    /// <param name="loss">-ln p.</param>
    /// <param name="bytes">Its length in UTF-8.</param>
    public void Add(double loss, int bytes)
    {
        Loss.Add(loss);
        Bytes += bytes;
    }
}
