namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>Sizes that all block types share.</summary>
internal static class Blocks
{
    /// <summary>Weights that share a scale.</summary>
    public const int Length = 32;

    /// <summary>Bytes of a scale, a bfloat16.</summary>
    public const int ScaleBytes = 2;

    /// <summary>Blocks of a row; the last one may be filled up.</summary>
    public static nuint Count(nuint columns) => (columns + Length - 1) / Length;

    /// <summary>Bytes of one row of a (out, in) matrix.</summary>
    public static nuint RowBytes<TBlock>(nuint columns)
        where TBlock : struct, IBlockType => Count(columns) * (TBlock.BlockBytes + ScaleBytes);
}
