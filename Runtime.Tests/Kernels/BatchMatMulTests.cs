using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class BatchMatMulTests
{
    // Around twelve rows, and twice as many.
    private static readonly int[] OutDims = [1, 4, 11, 12, 13, 23, 24, 25, 37];

    // No whole step, a tail and none; one block of columns, the first that is cut in two, more; unequal blocks.
    public static TheoryData<int> InDims => [1, 7, 8, 10, 51, 384, 385, 392, 773, 1536];

    [Theory]
    [MemberData(nameof(InDims))]
    public void Run_is_the_canonical_chain_for_every_shape_and_instruction_set(int inDim)
    {
        // Each output depends on its row and its token alone: one reference serves every smaller shape.
        int most = BatchScratch.MostTokens;
        float[] w = [.. Sample.Floats(inDim * OutDims[^1], inDim).Select(Truncate)], x = Sample.Floats(inDim * most, 7);
        ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
        float[] reference = new float[OutDims[^1] * most];
        for (int t = 0; t < most; t++)
        {
            for (int o = 0; o < OutDims[^1]; o++)
                reference[t * OutDims[^1] + o] = CanonicalSum.Of(w.AsSpan(o * inDim, inDim), x.AsSpan(t * inDim, inDim));
        }
        foreach (int outDim in OutDims)
        {
            foreach (int tokens in (int[])[1, 3, 4, .. Enumerable.Range(7, most - 6)])
            {
                float[] expected = [.. from t in Enumerable.Range(0, tokens) from o in Enumerable.Range(0, outDim) select reference[t * OutDims[^1] + o]];
                foreach (InstructionSet set in InstructionSets.All)
                {
                    Assert.Equal(Sample.Bits(expected), Sample.Bits(Run<F32Rows>(set, w, x, inDim, outDim, tokens)));
                    Assert.Equal(Sample.Bits(expected), Sample.Bits(Run<Bf16Rows>(set, narrow, x, inDim, outDim, tokens)));
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_finishes_outputs_as_one_token_alone_does(int threads)
    {
        // Two blocks of columns and a tail; parts that are no whole twelves of rows, a short tile of tokens.
        const int inDim = 395, outDim = 12 * 12 + 7, tokens = 22;
        float[] w = Sample.Floats(inDim * outDim, 1), x = Sample.Floats(inDim * tokens, 2), bias = Sample.Floats(outDim, 3);
        float[] factor = Sample.Floats(outDim * tokens, 4), residual = Sample.Floats(outDim * tokens, 5);
        using var alone = new RowPartition(1);
        foreach (long pooledWork in (long[])[RowPartition.PooledWork, 1])
        {
            using var partition = new RowPartition(threads, processors: 64, pooledWork);
            partition.BeginCall(isPrompt: true);
            foreach (bool joins in (bool[])[false, true])
            {
                float[] expected = [.. residual], actual = [.. residual], scratch = new float[outDim * tokens];
                using NativeBuffer inputs = Filled(BatchScratch.InputFloats(tokens, inDim)), workers = Filled(threads * BatchScratch.WorkerFloats);
                fixed (float* pw = w, px = x, pb = bias, pf = factor, ps = scratch, pe = expected, pa = actual)
                {
                    for (int t = 0; t < tokens; t++)
                        Layer(pw, px + t * inDim, pb, pf + t * outDim, pe + t * outDim, ps, 1).Run(alone);
                    new BatchMatMul<F32Rows>(Layer(pw, px, pb, pf, pa, ps, tokens), new BatchScratch(inputs.Data, workers.Data)).Run(partition);
                }
                Assert.Equal(Sample.Bits(expected), Sample.Bits(actual));

                // Into y, or into a residual stream.
                MatMul<F32Rows> Layer(float* w, float* x, float* bias, float* factor, float* destination, float* other, int count) => new()
                {
                    W = (byte*)w, X = x, Y = joins ? other : destination, Tokens = count, InDim = inDim, OutDim = outDim,
                    Epilogue = new Epilogue { Bias = bias, Factor = factor, Residual = joins ? destination : null, Activation = &GeluTanh.Apply },
                };
            }
        }
    }

    private static float[] Run<TWeights>(InstructionSet set, Array weights, float[] x, int inDim, int outDim, int tokens)
        where TWeights : struct, IWeightType
    {
        byte[] bytes = new byte[Buffer.ByteLength(weights)];
        Buffer.BlockCopy(weights, 0, bytes, 0, bytes.Length);
        var y = new Guarded(new float[outDim * tokens]);
        using NativeBuffer inputs = Filled(BatchScratch.InputFloats(tokens, inDim)), workers = Filled(BatchScratch.WorkerFloats);
        fixed (byte* w = bytes)
        fixed (float* px = x, py = y.Span)
        {
            var layer = new MatMul<TWeights> { W = w, X = px, Y = py, Tokens = tokens, InDim = inDim, OutDim = outDim };
            set.Run(new BatchInputs { X = px, Packed = inputs.Data, Tokens = tokens, InDim = inDim }.Part(0, BatchInputs.Count(tokens)));
            set.Run(new BatchMatMul<TWeights>(layer, new BatchScratch(inputs.Data, workers.Data)).Part(0, outDim, worker: 0));
        }
        return y.Checked();
    }

    // Full of NaN: what is read must have been written.
    private static NativeBuffer Filled(long length)
    {
        var buffer = new NativeBuffer(length);
        new Span<float>(buffer.Data, (int)length).Fill(float.NaN);
        return buffer;
    }

    private static float Truncate(float v) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000);
}
