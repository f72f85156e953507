namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Rows of inputs as integers of 16 bits: x = word / factor, the factor of a token such that its largest input is <see cref="LargestWord"/>.
/// </summary>
/// <remarks>
/// Words lie in the order in which two blocks of weights are multiplied, 64 of them for 64 columns. Four groups of 16: even columns of the
/// blocks' first halves, odd columns of these, even columns of the second halves, odd columns of these; in each group block 0, then block 1.
/// </remarks>
internal unsafe struct QuantizedInput
{
    /// <summary>
    /// 2^14 - 1: eight products with signed bytes are below 2^24, so that a sum of 8 columns is exact as a float.
    /// </summary>
    public const int LargestWord = 16383;

    /// <summary>Columns of two blocks: rows are filled up with zeros to a multiple of it.</summary>
    public const int PairLength = 2 * WeightTypes.BlockLayout.Length;

    /// <summary>Words, (T, Stride).</summary>
    public short* Words;

    /// <summary>Factors, (T): NaN where an input is NaN or infinite.</summary>
    public float* Factors;

    /// <summary>Words of a row.</summary>
    public nuint Stride;

    /// <summary>Words of a row of inputs.</summary>
    public static nuint StrideOf(nuint columns) => (columns + PairLength - 1) / PairLength * PairLength;
}
