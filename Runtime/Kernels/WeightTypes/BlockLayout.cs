namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>
/// How quantised weights lie in memory: a row is cut into blocks of <see cref="Length"/> columns that share a scale, the last one filled up; first
/// the quants of all blocks, then their scales. docs/weights-format.md has the bytes.
/// </summary>
internal static class BlockLayout
{
    /// <summary>Weights that share a scale.</summary>
    public const int Length = 32;

    /// <summary>Bytes of a scale, a bfloat16.</summary>
    public const int ScaleBytes = 2;

    /// <summary>Bytes of the quants of a q8 block.</summary>
    public const int Q8QuantBytes = Length;

    /// <summary>Bytes of the quants of a q4 block.</summary>
    public const int Q4QuantBytes = Length / 2;

    /// <summary>Blocks of a row.</summary>
    public static nuint Count(nuint columns) => (columns + Length - 1) / Length;

    /// <summary>Bytes of one row of a (out, in) matrix.</summary>
    public static nuint RowBytes<TBlock>(nuint columns)
        where TBlock : struct, IBlockRows => Count(columns) * (TBlock.QuantBytes + ScaleBytes);
}
