using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Tests.Reference;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Block scales that no writer writes, but a file may have: docs/weights-format.md says what they mean.</summary>
public unsafe class HostileScaleTests
{
    private const int Rows = 6;

    public static TheoryData<int> Scales => [0x0000, 0x8000, 0x0001, 0x8001, 0x007F, 0x7F7F, 0x7F80, 0xFF80, 0x7FC0, 0xFF81];

    [Theory]
    [MemberData(nameof(Scales))]
    public void Outputs_are_the_definition_and_no_other_row_changes(int scale)
    {
        foreach ((bool isQ4, int columns, int row, int block) in Places)
        {
            ReferenceBlocks plain = new(isQ4, Rows, columns, seed: 1), hostile = new(isQ4, Rows, columns, seed: 1);
            hostile.SetScale(row, block, (ushort)scale);
            foreach (int tokens in new[] { 1, 4, BlockPanel.FewestTokens })
            {
                float[] x = Sample.Floats(columns * tokens, 2);
                foreach (InstructionSet set in InstructionSets.All)
                {
                    float[] y = isQ4 ? Layer<Q4Rows>(set, hostile.Bytes(), x, columns, tokens) : Layer<Q8Rows>(set, hostile.Bytes(), x, columns, tokens);
                    for (int i = 0; i < y.Length; i++)
                    {
                        ReferenceBlocks w = i % Rows == row ? hostile : plain;
                        Assert.Equal(w.Output(i % Rows, x.AsSpan(i / Rows * columns, columns)), y[i]);
                    }
                    if (!float.IsFinite(BlockScale.Widen((ushort)scale)))
                        Assert.All(Enumerable.Range(0, tokens), t => Assert.False(float.IsFinite(y[t * Rows + row])));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Scales))]
    public void Embeddings_are_quant_times_scale_and_no_other_row_changes(int scale)
    {
        foreach ((bool isQ4, int columns, int row, int block) in Places)
        {
            var w = new ReferenceBlocks(isQ4, Rows, columns, seed: 1);
            w.SetScale(row, block, (ushort)scale);
            float[] y = new float[columns];
            fixed (byte* table = w.Bytes())
            {
                for (int r = 0; r < Rows; r++)
                {
                    foreach (InstructionSet set in InstructionSets.All)
                    {
                        if (isQ4)
                            set.Run(new BlockEmbedding<Q4Rows>(table, r, y, add: false));
                        else
                            set.Run(new BlockEmbedding<Q8Rows>(table, r, y, add: false));
                        Assert.Equal(Enumerable.Range(0, columns).Select(c => (float)w.Weight(r, c)), y);
                    }
                    Assert.True(r == row || y.All(float.IsFinite));
                }
            }
        }
    }

    // One to four blocks; in a tile of four rows and at its edge; the first, a middle and the last block.
    private static IEnumerable<(bool IsQ4, int Columns, int Row, int Block)> Places =>
        from isQ4 in new[] { false, true }
        from columns in new[] { 10, 64, 70, 128 }
        from row in new[] { 0, 3, Rows - 1 }
        from block in Enumerable.Range(0, (columns + 31) / 32)
        select (isQ4, columns, row, block);

    private static float[] Layer<TBlock>(InstructionSet set, byte[] weights, float[] x, int columns, int tokens)
        where TBlock : struct, IBlockRows
    {
        nuint stride = QuantizedInput.StrideOf((nuint)columns), panel = BlockPanel.MemoryOf((nuint)columns);
        float[] y = new float[Rows * tokens], factors = new float[tokens], panels = new float[(int)panel];
        fixed (byte* w = weights)
        fixed (float* px = x, py = y, pf = factors, pp = panels)
        fixed (short* words = new short[tokens * (int)stride])
        {
            var input = new QuantizedInput { Words = words, Factors = pf, Stride = stride };
            set.Run(new QuantizeRows { X = px, Y = input, Tokens = tokens, Columns = columns }.Part(0, tokens));
            set.Run(new BlockMatMul<TBlock>
            {
                W = w, X = input, Panels = pp, PanelLength = panel, Y = py, Tokens = tokens, InDim = columns, OutDim = Rows,
            }.Part(0, Rows, worker: 0));
            for (int t = 0; t < tokens; t++)
                Divide.Apply(y.AsSpan(t * Rows, Rows), factors[t]);
        }
        return y;
    }
}
