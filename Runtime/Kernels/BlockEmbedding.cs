using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Reads one row of a quantised embedding as float32, y = row or y = y + row: quant times scale, rounded once.</summary>
internal readonly unsafe ref struct BlockEmbedding<TBlock>(byte* table, int row, Span<float> y, bool add) : IKernel
    where TBlock : struct, IBlockRows
{
    private readonly byte* _row = table + (nuint)row * BlockLayout.RowBytes<TBlock>((nuint)y.Length);
    private readonly Span<float> _y = y;
    private readonly bool _add = add;

    /// <summary>Reads or adds row <c>row</c> of a (rows, C) table to y, (C).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        nuint blocks = BlockLayout.Count((nuint)_y.Length);
        ushort* scales = (ushort*)(_row + blocks * TBlock.QuantBytes);
        TVec levels = TBlock.Levels<TOps, TVec>();
        sbyte* columns = stackalloc sbyte[BlockLayout.Length + BlockLayout.Length / 2];
        for (nuint b = 0; b < blocks; b++)
        {
            byte* quants = _row + b * TBlock.QuantBytes;
            // The high bytes go to where the other half of the low ones, which is nobody's, has been written.
            TOps.Store(TBlock.LastLow<TOps, TVec>(quants, levels), ref *(float*)columns, 0);
            TOps.Store(TBlock.LastHigh<TOps, TVec>(quants, levels), ref *(float*)columns, Lanes.Count / 2);
            float scale = BitConverter.Int32BitsToSingle(scales[b] << 16);
            int first = (int)b * BlockLayout.Length;
            Span<float> y = _y.Slice(first, Math.Min(BlockLayout.Length, _y.Length - first));
            for (int i = 0; i < y.Length; i++)
            {
                float weight = columns[i] * scale;
                y[i] = _add ? y[i] + weight : weight;
            }
        }
    }
}
