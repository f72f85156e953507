using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Tests.Reference;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Layers and embeddings whose weights, inputs, outputs and scratch all end where their memory ends: one byte too far ends the process.</summary>
public unsafe class MemoryEndTests
{
    private const int MaxRows = 9;
    private static readonly int[] TokenCounts = [1, 2, 3, 6, 9, 64];

    public static TheoryData<int> InDims => [1, 7, 10, 32, 33, 51, 64, 768];

    [FencedTheory]
    [MemberData(nameof(InDims))]
    public void MatMul_stays_within_its_memory(int inDim)
    {
        float[] w = [.. Sample.Floats(inDim * MaxRows, 1).Select(Truncate)], x = Sample.Floats(inDim * TokenCounts[^1], 2);
        ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
        foreach ((int rows, int tokens) in Shapes)
        {
            Floats<F32Rows>(MemoryMarshal.AsBytes<float>(w.AsSpan(0, rows * inDim)), x.AsSpan(0, tokens * inDim), inDim, rows, tokens);
            Floats<Bf16Rows>(MemoryMarshal.AsBytes<ushort>(narrow.AsSpan(0, rows * inDim)), x.AsSpan(0, tokens * inDim), inDim, rows, tokens);
        }
    }

    [FencedTheory]
    [InlineData(10)]
    [InlineData(768)]
    [InlineData(3072)]
    public void MatMul_of_whole_panels_stays_within_its_memory(int inDim)
    {
        const int rows = WeightPanel.MostRows + 1, tokens = PackedTile.Tokens + 1;
        float[] w = Sample.Floats(inDim * rows, 1), x = Sample.Floats(inDim * tokens, 2);
        Floats<F32Rows>(MemoryMarshal.AsBytes<float>(w), x, inDim, rows, tokens);
    }

    [FencedTheory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(51)]
    [InlineData(392)]
    public void MatMul_of_a_batch_stays_within_its_memory(int inDim)
    {
        // Twelve rows at a time, and what they leave; the shortest batch, a tile of one token, the longest batch.
        foreach (int rows in (int[])[12, 13, 25])
        {
            float[] w = [.. Sample.Floats(inDim * rows, 1).Select(Truncate)];
            ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
            byte[] q8 = new ReferenceBlocks(isQ4: false, rows, inDim, seed: 1).Bytes(), q4 = new ReferenceBlocks(isQ4: true, rows, inDim, seed: 1).Bytes();
            foreach (int tokens in (int[])[3, 5, BatchScratch.MostTokens])
            {
                float[] x = Sample.Floats(inDim * tokens, 2);
                Floats<F32Rows>(MemoryMarshal.AsBytes<float>(w), x, inDim, rows, tokens);
                Floats<Bf16Rows>(MemoryMarshal.AsBytes<ushort>(narrow), x, inDim, rows, tokens);
                Blocks<Q8Rows>(q8, x, inDim, rows, tokens);
                Blocks<Q4Rows>(q4, x, inDim, rows, tokens);
            }
        }
    }

    [FencedTheory]
    [MemberData(nameof(InDims))]
    public void BlockMatMul_stays_within_its_memory(int inDim)
    {
        float[] x = Sample.Floats(inDim * TokenCounts[^1], 2);
        byte[] q8 = new ReferenceBlocks(isQ4: false, MaxRows, inDim, seed: 1).Bytes(), q4 = new ReferenceBlocks(isQ4: true, MaxRows, inDim, seed: 1).Bytes();
        foreach ((int rows, int tokens) in Shapes)
        {
            Blocks<Q8Rows>(q8.AsSpan(0, q8.Length / MaxRows * rows), x.AsSpan(0, tokens * inDim), inDim, rows, tokens);
            Blocks<Q4Rows>(q4.AsSpan(0, q4.Length / MaxRows * rows), x.AsSpan(0, tokens * inDim), inDim, rows, tokens);
        }
    }

    [FencedTheory]
    [MemberData(nameof(InDims))]
    public void Embeddings_stay_within_their_memory(int columns)
    {
        float[] w = Sample.Floats(columns * MaxRows, 1);
        ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
        using FencedMemory<float> f32 = new(w), y = new(new float[columns]);
        using FencedMemory<ushort> bf16 = new(narrow);
        using FencedMemory<byte> q8 = new(new ReferenceBlocks(isQ4: false, MaxRows, columns, seed: 1).Bytes());
        using FencedMemory<byte> q4 = new(new ReferenceBlocks(isQ4: true, MaxRows, columns, seed: 1).Bytes());
        foreach (InstructionSet set in InstructionSets.All)
        {
            for (int row = 0; row < MaxRows; row++)
            {
                foreach (bool add in new[] { false, true })
                {
                    set.Run(new BlockEmbedding<Q8Rows>(q8.Data, row, y.Span, add));
                    set.Run(new BlockEmbedding<Q4Rows>(q4.Data, row, y.Span, add));
                    set.Run(new Embedding<Bf16Rows>((byte*)bf16.Data, row, y.Span, add));
                    set.Run(new Embedding<F32Rows>((byte*)f32.Data, row, y.Span, add));
                }
                set.Run(new Embedding<F32Rows>((byte*)f32.Data, row, y.Span, add: false));
                Assert.Equal(w.AsSpan(row * columns, columns), y.Span);
            }
        }
    }

    private static IEnumerable<(int Rows, int Tokens)> Shapes => from rows in Enumerable.Range(1, MaxRows) from tokens in TokenCounts select (rows, tokens);

    // In place, as a batch, packed, and as the whole layer; all must give the same sums.
    private static void Floats<TWeights>(ReadOnlySpan<byte> weights, ReadOnlySpan<float> inputs, int inDim, int rows, int tokens)
        where TWeights : struct, IWeightType
    {
        using var w = new FencedMemory<byte>(weights);
        using FencedMemory<float> x = new(inputs), y = new(new float[rows * tokens]), packed = new(new float[InputTiles.Floats(tokens, inDim)]);
        using var worker = new FencedMemory<float>(new float[MatMulScratch.WorkerFloats(inDim)]);
        using var partition = new RowPartition(1);
        var scratch = new MatMulScratch(packed.Data, worker.Data, MatMulScratch.WorkerFloats(inDim));
        var layer = new MatMul<TWeights> { W = w.Data, X = x.Data, Y = y.Data, Tokens = tokens, InDim = inDim, OutDim = rows };
        InstructionSet.Portable.Run(layer.Part(0, rows));
        float[] expected = y.Span.ToArray();
        foreach (InstructionSet set in InstructionSets.All)
        {
            y.Span.Fill(float.NaN);
            set.Run(layer.Part(0, rows));
            Assert.Equal(expected, y.Span);
            if (tokens <= BatchScratch.MostTokens)
            {
                using FencedMemory<float> batched = new(new float[BatchScratch.InputFloats(tokens, inDim)]), sums = new(new float[BatchScratch.WorkerFloats]);
                y.Span.Fill(float.NaN);
                set.Run(new BatchInputs { X = x.Data, Packed = batched.Data, Tokens = tokens, InDim = inDim }.Part(0, BatchInputs.Count(tokens)));
                set.Run(new BatchMatMul<TWeights>(layer, new BatchScratch(batched.Data, sums.Data)).Part(0, rows, worker: 0));
                Assert.Equal(expected, y.Span);
            }
            y.Span.Fill(float.NaN);
            new InputTiles { X = x.Data, Packed = packed.Data, Tokens = tokens, InDim = inDim }.Run(partition);
            set.Run(new PackedMatMul<TWeights>(layer, scratch).Part(0, rows, worker: 0));
            Assert.Equal(expected, y.Span);
        }
        using FencedMemory<float> bias = new(new float[rows]), factor = new(Ones(rows * tokens)), residual = new(new float[rows * tokens]);
        var epilogue = new Epilogue { Bias = bias.Data, Factor = factor.Data, Residual = residual.Data };
        (layer with { Epilogue = epilogue }).Run(partition);
        Assert.Equal(expected, residual.Span);
        residual.Span.Clear();
        new PackedMatMul<TWeights>(layer with { Epilogue = epilogue }, scratch).Run(partition);
        Assert.Equal(expected, residual.Span);
    }

    private static void Blocks<TBlock>(ReadOnlySpan<byte> weights, ReadOnlySpan<float> inputs, int inDim, int rows, int tokens)
        where TBlock : struct, IBlockRows
    {
        nuint stride = QuantizedInput.StrideOf((nuint)inDim), panel = BlockPanel.MemoryOf((nuint)inDim);
        using var w = new FencedMemory<byte>(weights);
        using var words = new FencedMemory<short>(new short[tokens * (int)stride]);
        using FencedMemory<float> x = new(inputs), y = new(new float[rows * tokens]), factors = new(new float[tokens]), panels = new(new float[(int)panel]);
        using var partition = new RowPartition(1);
        var input = new QuantizedInput { Words = words.Data, Factors = factors.Data, Stride = stride };
        var quantize = new QuantizeRows { X = x.Data, Y = input, Tokens = tokens, Columns = inDim };
        var layer = new BlockMatMul<TBlock>
        {
            W = w.Data, X = input, Panels = panels.Data, PanelLength = panel, Y = y.Data, Tokens = tokens, InDim = inDim, OutDim = rows,
        };
        float[]? expected = null;
        foreach (InstructionSet set in InstructionSets.All)
        {
            y.Span.Fill(float.NaN);
            set.Run(quantize.Part(0, tokens));
            set.Run(layer.Part(0, rows, worker: 0));
            expected ??= y.Span.ToArray();
            Assert.Equal(expected, y.Span);
        }
        using FencedMemory<float> bias = new(new float[rows]), factor = new(Ones(rows * tokens)), residual = new(new float[rows * tokens]);
        var epilogue = new Epilogue { Bias = bias.Data, Factor = factor.Data, Residual = residual.Data };
        (layer with { Epilogue = epilogue }).Run(partition);
        Assert.Equal(y.Span, residual.Span);
    }

    private static float[] Ones(int count) => [.. Enumerable.Repeat(1f, count)];

    private static float Truncate(float v) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000);
}
