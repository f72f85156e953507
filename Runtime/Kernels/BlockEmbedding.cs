using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Reads one row of a quantised embedding as float32, y = row or y = y + row: quant times scale, rounded once.</summary>
internal readonly unsafe ref struct BlockEmbedding<TBlock>(byte* table, int row, Span<float> y, bool add) : IKernel
    where TBlock : struct, IBlockType
{
    private readonly byte* _row = table + (nuint)row * Blocks.RowBytes<TBlock>((nuint)y.Length);
    private readonly Span<float> _y = y;
    private readonly bool _add = add;

    /// <summary>Reads or adds row <c>row</c> of a (rows, C) table to y, (C).</summary>
    public void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = Blocks.Count((nuint)_y.Length);
        TVec levels = TBlock.Levels<TOps, TVec>();
        float* bytes = stackalloc float[2 * Lanes.Count];
        for (nuint b = 0; b < blocks; b++)
        {
            byte* quants = _row + b * TBlock.BlockBytes;
            TOps.Store(TBlock.LastLow<TOps, TVec>(quants, levels), ref *bytes, 0);
            TOps.Store(TBlock.LastHigh<TOps, TVec>(quants, levels), ref *bytes, Lanes.Count);
            float scale = BitConverter.Int32BitsToSingle(((ushort*)(_row + blocks * TBlock.BlockBytes))[b] << 16);
            Span<float> y = _y[(int)(b * Blocks.Length)..];
            for (int i = 0; i < Math.Min(y.Length, Blocks.Length); i++)
            {
                float weight = ((sbyte*)bytes)[i % 16 + i / 16 * 32] * scale;
                y[i] = _add ? y[i] + weight : weight;
            }
        }
    }
}
