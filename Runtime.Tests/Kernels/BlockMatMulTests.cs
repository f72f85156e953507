using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Tests.Reference;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class BlockMatMulTests
{
    private static readonly int[] InDims = [1, 10, 16, 31, 32, 33, 51, 64, 65, 96, 100, 128, 200];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_is_the_definition_to_the_bit_for_every_shape_and_instruction_set(bool isQ4)
    {
        foreach (int inDim in InDims)
        {
            foreach (int outDim in new[] { 1, 3, 4, 7, 12 })
            {
                var w = new ReferenceBlocks(isQ4, outDim, inDim, seed: inDim);
                byte[] bytes = w.Bytes();
                foreach (int tokens in new[] { 1, 2, 3, 7, 8, 9, 11 })
                {
                    float[] x = Sample.Floats(inDim * tokens, outDim + tokens);
                    uint[] expected = Sample.Bits(Expected(w, x, inDim, outDim, tokens));
                    foreach (InstructionSet set in InstructionSets.All)
                        Assert.Equal(expected, Sample.Bits(isQ4 ? Run<Q4Rows>(set, bytes, x, inDim, outDim, tokens) : Run<Q8Rows>(set, bytes, x, inDim, outDim, tokens)));
                }
            }
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_gives_each_token_the_same_bits_for_any_number_of_tokens_and_threads(bool isQ4)
    {
        const int inDim = 330, outDim = 131, most = 20;
        byte[] bytes = new ReferenceBlocks(isQ4, outDim, inDim, seed: 1).Bytes();
        float[] x = Sample.Floats(inDim * most, 2);
        float[][] alone = [.. Enumerable.Range(0, most).Select(t => RunParallel(isQ4, 1, bytes, x[(t * inDim)..((t + 1) * inDim)], inDim, outDim, 1))];
        foreach (int threads in new[] { 1, 2, 3, 8 })
        {
            for (int tokens = 1; tokens <= most; tokens++)
            {
                foreach (long pooledWork in new[] { 1, RowPartition.PooledWork })
                    Assert.Equal(Sample.Bits(alone.Take(tokens).SelectMany(y => y)), Sample.Bits(RunParallel(isQ4, threads, bytes, x[..(tokens * inDim)], inDim, outDim, tokens, pooledWork)));
            }
        }
    }

    [Fact]
    public void Run_of_more_rows_than_are_unpacked_at_a_time_is_the_definition_too()
    {
        const int inDim = 200, outDim = (2 * BlockPanel.UnpackedRows) + 5, tokens = 9;
        var w = new ReferenceBlocks(isQ4: true, outDim, inDim, seed: 1);
        float[] x = Sample.Floats(inDim * tokens, 2);
        Assert.Equal(
            Sample.Bits(Expected(w, x, inDim, outDim, tokens)),
            Sample.Bits(RunParallel(isQ4: true, threads: 1, w.Bytes(), x, inDim, outDim, tokens)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Run_is_within_the_bound(bool isQ4)
    {
        const int inDim = 3072, outDim = 5, tokens = 4;
        var w = new ReferenceBlocks(isQ4, outDim, inDim, seed: 3);
        float[] x = Sample.Floats(inDim * tokens, 4);
        float[] y = RunParallel(isQ4, 1, w.Bytes(), x, inDim, outDim, tokens);
        for (int t = 0; t < tokens; t++)
        {
            float largest = Enumerable.Range(0, inDim).Max(i => Math.Abs(x[t * inDim + i]));
            for (int o = 0; o < outDim; o++)
            {
                double sum = 0, size = 0, weights = 0;
                for (int i = 0; i < inDim; i++)
                {
                    sum += w.Weight(o, i) * x[t * inDim + i];
                    size += Math.Abs(w.Weight(o, i) * x[t * inDim + i]);
                    weights += Math.Abs(w.Weight(o, i));
                }
                // An input is off by half a step; a lane adds n / 64 sums, then three additions and a division.
                double input = 0.501 / 16383 * largest * weights;
                double bound = input + (inDim / 64 + 4) * Math.Pow(2, -24) * (size + input);
                Assert.InRange(y[t * outDim + o], sum - bound, sum + bound);
            }
        }
    }

    [Theory]
    [InlineData(1e-44f)]    // subnormal
    [InlineData(1e-36f)]
    [InlineData(7e-31f)]    // around 2^-100, the smallest that sets its own factor
    [InlineData(9e-31f)]
    [InlineData(1e30f)]
    public void Run_of_inputs_of_any_size_is_the_definition(float spread)
    {
        const int inDim = 100, outDim = 7, tokens = BlockPanel.FewestTokens + 1;
        ReferenceBlocks q8 = new(isQ4: false, outDim, inDim, seed: 1), q4 = new(isQ4: true, outDim, inDim, seed: 1);
        float[] x = Sample.Floats(inDim * tokens, 2, spread);
        foreach (InstructionSet set in InstructionSets.All)
        {
            Assert.Equal(Expected(q8, x, inDim, outDim, tokens), Run<Q8Rows>(set, q8.Bytes(), x, inDim, outDim, tokens));
            Assert.Equal(Expected(q4, x, inDim, outDim, tokens), Run<Q4Rows>(set, q4.Bytes(), x, inDim, outDim, tokens));
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void Run_shows_inputs_that_are_no_numbers_in_their_row_and_no_other(float fault)
    {
        const int inDim = 51, outDim = 6, tokens = BlockPanel.FewestTokens;
        byte[] bytes = new ReferenceBlocks(isQ4: false, outDim, inDim, seed: 1).Bytes();
        for (int at = 0; at < inDim; at++)
        {
            float[] x = Sample.Floats(inDim * tokens, 2);
            x[2 * inDim + at] = fault;
            foreach (InstructionSet set in InstructionSets.All)
            {
                float[] y = Run<Q8Rows>(set, bytes, x, inDim, outDim, tokens);
                for (int i = 0; i < y.Length; i++)
                    Assert.Equal(i / outDim == 2, float.IsNaN(y[i]));
            }
        }
    }

    [Fact]
    public void Run_of_zeros_is_zero_and_of_the_smallest_inputs_finite()
    {
        const int inDim = 40, outDim = 5;
        byte[] bytes = new ReferenceBlocks(isQ4: true, outDim, inDim, seed: 1).Bytes();
        foreach (InstructionSet set in InstructionSets.All)
        {
            Assert.All(Run<Q4Rows>(set, bytes, new float[inDim], inDim, outDim, 1), y => Assert.Equal(0, y));
            Assert.All(Run<Q4Rows>(set, bytes, [.. Enumerable.Repeat(float.Epsilon, inDim)], inDim, outDim, 1), y => Assert.True(float.IsFinite(y)));
            Assert.All(Run<Q4Rows>(set, bytes, [.. Enumerable.Repeat(1e37f, inDim)], inDim, outDim, 1), y => Assert.True(float.IsFinite(y)));
        }
    }

    [Fact]
    public void Run_adds_bias_activates_multiplies_and_joins_the_residual()
    {
        const int inDim = 70, outDim = 9, tokens = BlockPanel.FewestTokens + 1;
        byte[] bytes = new ReferenceBlocks(isQ4: false, outDim, inDim, seed: 1).Bytes();
        float[] x = Sample.Floats(inDim * tokens, 2), bias = Sample.Floats(outDim, 3), factor = Sample.Floats(outDim * tokens, 4), residual = Sample.Floats(outDim * tokens, 5);
        float[] plain = RunParallel(isQ4: false, threads: 1, bytes, x, inDim, outDim, tokens), sum = [.. residual];
        fixed (float* pb = bias, pf = factor, pr = sum)
        {
            var job = new BlockMatMul<Q8Rows> { Epilogue = new Epilogue { Bias = pb, Factor = pf, Residual = pr, Activation = &Relu.Apply } };
            RunParallel(job, threads: 2, bytes, x, inDim, outDim, tokens);
        }
        for (int i = 0; i < sum.Length; i++)
            Assert.Equal(residual[i] + Math.Max(plain[i] + bias[i % outDim], 0) * factor[i], sum[i]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Embedding_is_quant_times_scale_rounded_once(bool isQ4)
    {
        foreach (int columns in InDims)
        {
            const int rows = 3;
            var w = new ReferenceBlocks(isQ4, rows, columns, seed: columns);
            fixed (byte* table = w.Bytes())
            {
                for (int row = 0; row < rows; row++)
                {
                    float[] expected = [.. Enumerable.Range(0, columns).Select(c => (float)w.Weight(row, c))], start = Sample.Floats(columns, row);
                    foreach (InstructionSet set in InstructionSets.All)
                    {
                        Guarded y = new(new float[columns]), sum = new(start);
                        if (isQ4)
                        {
                            set.Run(new BlockEmbedding<Q4Rows>(table, row, y.Span, add: false));
                            set.Run(new BlockEmbedding<Q4Rows>(table, row, sum.Span, add: true));
                        }
                        else
                        {
                            set.Run(new BlockEmbedding<Q8Rows>(table, row, y.Span, add: false));
                            set.Run(new BlockEmbedding<Q8Rows>(table, row, sum.Span, add: true));
                        }
                        Assert.Equal(expected, y.Checked());
                        Assert.Equal(start.Zip(expected, (a, b) => a + b), sum.Checked());
                    }
                }
            }
        }
    }

    private static float[] Expected(ReferenceBlocks w, float[] x, int inDim, int outDim, int tokens) =>
        [.. Enumerable.Range(0, tokens * outDim).Select(i => w.Output(i % outDim, x.AsSpan(i / outDim * inDim, inDim)))];

    private static float[] Run<TBlock>(InstructionSet set, byte[] weights, float[] x, int inDim, int outDim, int tokens)
        where TBlock : struct, IBlockRows => Run(new BlockMatMul<TBlock>(), weights, x, inDim, outDim, tokens, 1, (quantize, job) =>
        {
            set.Run(quantize.Part(0, tokens));
            set.Run(job.Part(0, outDim, worker: 0));
            for (int t = 0; t < tokens; t++)
                Divide.Apply(new Span<float>(job.Y + t * outDim, outDim), job.X.Factors[t]);
        });

    private static float[] RunParallel(bool isQ4, int threads, byte[] weights, float[] x, int inDim, int outDim, int tokens, long pooledWork = RowPartition.PooledWork) => isQ4
        ? RunParallel(new BlockMatMul<Q4Rows>(), threads, weights, x, inDim, outDim, tokens, pooledWork)
        : RunParallel(new BlockMatMul<Q8Rows>(), threads, weights, x, inDim, outDim, tokens, pooledWork);

    private static float[] RunParallel<TBlock>(
        BlockMatMul<TBlock> start, int threads, byte[] weights, float[] x, int inDim, int outDim, int tokens, long pooledWork = RowPartition.PooledWork)
        where TBlock : struct, IBlockRows
    {
        using var partition = new RowPartition(threads, processors: 64, pooledWork);
        partition.BeginCall(isPrompt: true);
        return Run(start, weights, x, inDim, outDim, tokens, threads, (quantize, job) =>
        {
            quantize.Run(partition);
            job.Run(partition);
        });
    }

    // Scratch is full of what would show. Reads past the end are MemoryEndTests' part.
    private static float[] Run<TBlock>(
        BlockMatMul<TBlock> start, byte[] weights, float[] x, int inDim, int outDim, int tokens, int threads, Action<QuantizeRows, BlockMatMul<TBlock>> run)
        where TBlock : struct, IBlockRows
    {
        nuint stride = QuantizedInput.StrideOf((nuint)inDim);
        float[] factors = new float[tokens], panels = new float[(int)BlockPanel.MemoryOf((nuint)inDim) * threads];
        short[] words = new short[tokens * (int)stride];
        Array.Fill(words, (short)0x1234);
        Array.Fill(panels, float.NaN);
        var y = new Guarded(new float[outDim * tokens]);
        byte* w = (byte*)NativeMemory.Alloc((nuint)weights.Length);
        weights.CopyTo(new Span<byte>(w, weights.Length));
        fixed (float* px = x, py = y.Span, pf = factors, pp = panels)
        fixed (short* pw = words)
        {
            var input = new QuantizedInput { Words = pw, Factors = pf, Stride = stride };
            run(
                new QuantizeRows { X = px, Y = input, Tokens = tokens, Columns = inDim },
                start with { W = w, X = input, Panels = pp, PanelLength = BlockPanel.MemoryOf((nuint)inDim), Y = py, Tokens = tokens, InDim = inDim, OutDim = outDim });
        }
        NativeMemory.Free(w);
        return y.Checked();
    }
}
