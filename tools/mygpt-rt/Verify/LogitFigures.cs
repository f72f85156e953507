namespace MyGpt.CommandLine.Verify;

/// <summary>What rows of logits have in common with their reference, and how far they are from it.</summary>
internal sealed class LogitFigures
{
    // Of the sets of most likely tokens that are compared: as many as people usually sample from.
    private const int TopCount = 20;

    private double _absoluteSum, _squareSum, _divergenceSum;

    /// <summary>Logits compared.</summary>
    public long Count { get; private set; }

    /// <summary>Rows of them: positions.</summary>
    public int Rows { get; private set; }

    /// <summary>Logits of ours that are not a finite number.</summary>
    public long NotFinite { get; private set; }

    /// <summary>Largest |logit - reference|; infinite when a logit of ours is not a number, as are mean and RMS then.</summary>
    public double MaxDifference { get; private set; }

    /// <summary>Mean |logit - reference|.</summary>
    public double MeanDifference => _absoluteSum / Count;

    /// <summary>Square root of the mean square of the differences.</summary>
    public double RmsDifference => Math.Sqrt(_squareSum / Count);

    /// <summary>Largest |reference|.</summary>
    public double LargestReference { get; private set; }

    /// <summary>Distances in units in the last place, of logits that are numbers.</summary>
    public UlpHistogram Ulps { get; } = new();

    /// <summary>Positions whose most likely token was compared; it may be known where logits are not.</summary>
    public int ArgMaxPositions { get; private set; }

    /// <summary>Positions with another most likely token.</summary>
    public int ArgMaxMismatches { get; private set; }

    /// <summary>Tokens in the reference's top-20 sets, over all rows; V where the vocabulary is smaller than 20.</summary>
    public long TopWanted { get; private set; }

    /// <summary>How many of them are in ours.</summary>
    public long TopShared { get; private set; }

    /// <summary>Rows whose sets are equal.</summary>
    public int EqualTopRows { get; private set; }

    /// <summary>Mean divergence of a position in nats, the reference's softmax against ours.</summary>
    public double MeanDivergence => _divergenceSum / Rows;

    /// <summary>Largest divergence of a position in nats.</summary>
    public double MaxDivergence { get; private set; }

    /// <summary>Compares one row.</summary>
    /// <param name="ours">Our logits, (V).</param>
    /// <param name="reference">Reference logits, (V), finite.</param>
    public void AddRow(ReadOnlySpan<float> ours, ReadOnlySpan<double> reference)
    {
        for (int i = 0; i < ours.Length; i++)
        {
            double difference = Math.Abs(ours[i] - reference[i]);
            if (double.IsNaN(difference))
                difference = double.PositiveInfinity;
            else
                Ulps.Add(ours[i], reference[i]);
            NotFinite += float.IsFinite(ours[i]) ? 0 : 1;
            MaxDifference = Math.Max(MaxDifference, difference);
            LargestReference = Math.Max(LargestReference, Math.Abs(reference[i]));
            _absoluteSum += difference;
            _squareSum += difference * difference;
        }
        Count += ours.Length;
        Rows++;
        AddTop(ours, reference);
        double divergence = KullbackLeibler.Of(reference, ours);
        _divergenceSum += divergence;
        MaxDivergence = Math.Max(MaxDivergence, divergence);
    }

    /// <summary>Compares one position's most likely token.</summary>
    public void AddArgMax(bool isSame)
    {
        ArgMaxPositions++;
        ArgMaxMismatches += isSame ? 0 : 1;
    }

    /// <summary>Adds what others found.</summary>
    public void Add(LogitFigures other)
    {
        Count += other.Count;
        Rows += other.Rows;
        NotFinite += other.NotFinite;
        MaxDifference = Math.Max(MaxDifference, other.MaxDifference);
        LargestReference = Math.Max(LargestReference, other.LargestReference);
        _absoluteSum += other._absoluteSum;
        _squareSum += other._squareSum;
        Ulps.Add(other.Ulps);
        ArgMaxPositions += other.ArgMaxPositions;
        ArgMaxMismatches += other.ArgMaxMismatches;
        TopWanted += other.TopWanted;
        TopShared += other.TopShared;
        EqualTopRows += other.EqualTopRows;
        _divergenceSum += other._divergenceSum;
        MaxDivergence = Math.Max(MaxDivergence, other.MaxDivergence);
    }

    private void AddTop(ReadOnlySpan<float> ours, ReadOnlySpan<double> reference)
    {
        Span<int> top = stackalloc int[Math.Min(TopCount, ours.Length)], wanted = stackalloc int[top.Length];
        TopTokens.Find(ours, top);
        TopTokens.Find(reference, wanted);
        int shared = TopTokens.Shared(top, wanted);
        TopWanted += wanted.Length;
        TopShared += shared;
        EqualTopRows += shared == wanted.Length ? 1 : 0;
    }
}
