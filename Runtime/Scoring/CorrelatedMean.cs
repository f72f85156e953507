namespace MyGpt.Runtime.Scoring;

/// <summary>The mean of values of which neighbours are alike, such as the losses of a text's tokens, and its standard error.</summary>
/// <remarks>
/// A passage that is hard for one token is hard for the next: as if tokens were independent, the error would come out too small. So it is taken
/// over blocks of consecutive values ("batch means"), as the error of a ratio of sums, since the last block may be shorter: with sums S of n values
/// each, m the mean of all N values and k blocks, se^2 = k / (k - 1) * sum (S - m n)^2 / N^2 (Cochran 1977, Sampling Techniques, 6.4). What is alike over more
/// than a block is still missed.
/// </remarks>
/// <param name="blockLength">Values in a block, 1 or more; the last may have fewer.</param>
public sealed class CorrelatedMean(int blockLength)
{
    private readonly int _blockLength = blockLength > 0
        ? blockLength : throw new ArgumentOutOfRangeException(nameof(blockLength), blockLength, "Must be 1 or more.");

    // Sums over the whole blocks, of a block's sum S less what the first block's mean makes of it: without the shift, nearly equal means would cancel.
    private double _shift, _squares, _products;
    private long _wholeBlocks;
    private double _blockSum;
    private int _blockCount;

    /// <summary>N: values so far.</summary>
    public long Count { get; private set; }

    /// <summary>Their sum.</summary>
    public double Total { get; private set; }

    /// <summary>Their mean; NaN before the first.</summary>
    public double Mean => Total / Count;

    /// <summary>k: blocks so far, the last of which may be shorter.</summary>
    public long Blocks => _wholeBlocks + (_blockCount > 0 ? 1 : 0);

    /// <summary>The standard error of the mean; NaN of fewer than two blocks, which say nothing about it.</summary>
    public double StandardError
    {
        get
        {
            if (Blocks < 2)
                return double.NaN;
            // S - m n = (S - shift n) - d n with d = m - shift; of a whole block n is the block length.
            double d = Mean - _shift, n = _blockLength, last = _blockSum - (Mean * _blockCount);
            double squares = _squares - (2 * d * n * _products) + (d * n * d * n * _wholeBlocks) + (last * last);
            return Math.Sqrt(Math.Max(0, squares) * Blocks / (Blocks - 1)) / Count;
        }
    }

    /// <summary>Adds the next value.</summary>
    public void Add(double value)
    {
        Total += value;
        Count++;
        _blockSum += value;
        if (++_blockCount < _blockLength)
            return;
        if (_wholeBlocks++ == 0)
            _shift = _blockSum / _blockLength;
        double deviation = _blockSum - (_shift * _blockLength);
        _products += deviation;
        _squares += deviation * deviation;
        (_blockSum, _blockCount) = (0, 0);
    }
}
