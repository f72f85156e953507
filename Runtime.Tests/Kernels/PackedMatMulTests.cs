using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class PackedMatMulTests
{
    // Around a step's columns and where panels become shorter; a group's, a vector's and a panel's rows; a tile's tokens.
    private static readonly int[] InDims = [1, 7, 8, 10, 51, 392, 773, 1536, 1537];
    private static readonly int[] OutDims = [.. Enumerable.Range(1, 26), 47, 48, 49, 55];
    private static readonly int[] TokenCounts = [1, 2, 3, 7, 8, 9, 15, 16, 17, 23, 24, 25, 31, 32, 33];

    [Theory]
    [MemberData(nameof(InDimData))]
    public void Run_is_the_canonical_chain_for_every_shape_and_instruction_set(int inDim)
    {
        // Each output depends on its row and its token alone: one reference serves every smaller shape.
        float[] w = [.. Sample.Floats(inDim * OutDims[^1], inDim).Select(Truncate)], x = Sample.Floats(inDim * TokenCounts[^1], 7);
        ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
        float[] reference = new float[OutDims[^1] * TokenCounts[^1]];
        for (int t = 0; t < TokenCounts[^1]; t++)
        {
            for (int o = 0; o < OutDims[^1]; o++)
                reference[t * OutDims[^1] + o] = CanonicalSum.Of(w.AsSpan(o * inDim, inDim), x.AsSpan(t * inDim, inDim));
        }
        foreach (int outDim in OutDims)
        {
            foreach (int tokens in TokenCounts)
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

    public static TheoryData<int> InDimData => [.. InDims];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Run_finishes_outputs_as_the_layer_in_place_does(int threads)
    {
        // More tokens than tiles hold, more rows than two panels, a short panel, group and vector of outputs at the end.
        const int inDim = 395, outDim = 2 * WeightPanel.MostRows + 21, tokens = 3 * PackedTile.Tokens + 5;
        float[] w = Sample.Floats(inDim * outDim, 1), x = Sample.Floats(inDim * tokens, 2), bias = Sample.Floats(outDim, 3);
        float[] factor = Sample.Floats(outDim * tokens, 4), residual = Sample.Floats(outDim * tokens, 5);
        foreach (bool joins in (bool[])[false, true])
        {
            float[] expected = [.. residual], actual = [.. residual];
            Layer(1, packed: false, joins, w, x, bias, factor, expected, inDim, outDim, tokens);
            Layer(threads, packed: true, joins, w, x, bias, factor, actual, inDim, outDim, tokens);
            Assert.Equal(Sample.Bits(expected), Sample.Bits(actual));
            float[] pooled = [.. residual];
            Layer(threads, packed: true, joins, w, x, bias, factor, pooled, inDim, outDim, tokens, pooledWork: 1);
            Assert.Equal(Sample.Bits(expected), Sample.Bits(pooled));
        }
    }

    // Into y, or into a residual stream.
    private static void Layer(int threads, bool packed, bool joins, float[] w, float[] x, float[] bias, float[] factor, float[] destination, int inDim, int outDim, int tokens, long pooledWork = RowPartition.PooledWork)
    {
        using var partition = new RowPartition(threads, processors: 64, pooledWork);
        partition.BeginCall(isPrompt: true);
        using var memory = new Memory(tokens, inDim, threads);
        float[] other = new float[destination.Length];
        fixed (float* pw = w, px = x, pb = bias, pf = factor, pd = destination, po = other)
        {
            var layer = new MatMul<F32Rows>
            {
                W = (byte*)pw, X = px, Y = joins ? po : pd, Epilogue = new Epilogue { Bias = pb, Factor = pf, Residual = joins ? pd : null, Activation = &GeluTanh.Apply },
                Tokens = tokens, InDim = inDim, OutDim = outDim,
            };
            if (packed)
                new PackedMatMul<F32Rows>(layer, memory.Scratch).Run(partition);
            else
                layer.Run(partition);
        }
    }

    private static float[] Run<TWeights>(InstructionSet set, Array weights, float[] x, int inDim, int outDim, int tokens)
        where TWeights : struct, IWeightType
    {
        byte[] bytes = new byte[Buffer.ByteLength(weights)];
        Buffer.BlockCopy(weights, 0, bytes, 0, bytes.Length);
        var y = new Guarded(new float[outDim * tokens]);
        using var memory = new Memory(tokens, inDim, threads: 1);
        using var partition = new RowPartition(1);
        fixed (byte* w = bytes)
        fixed (float* px = x, py = y.Span)
        {
            new InputTiles { X = px, Packed = memory.Scratch.Inputs, Tokens = tokens, InDim = inDim }.Run(partition);
            var layer = new MatMul<TWeights> { W = w, X = px, Y = py, Tokens = tokens, InDim = inDim, OutDim = outDim };
            set.Run(new PackedMatMul<TWeights>(layer, memory.Scratch).Part(0, outDim, worker: 0));
        }
        return y.Checked();
    }

    private static float Truncate(float v) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000);

    // Scratch memory full of NaN: what is read must have been written.
    private sealed class Memory : IDisposable
    {
        private readonly NativeBuffer _inputs;
        private readonly NativeBuffer _workers;

        public Memory(int tokens, int inDim, int threads)
        {
            _inputs = new NativeBuffer(InputTiles.Floats(tokens, inDim));
            _workers = new NativeBuffer(threads * MatMulScratch.WorkerFloats(inDim));
            new Span<float>(_inputs.Data, (int)_inputs.Length).Fill(float.NaN);
            new Span<float>(_workers.Data, (int)_workers.Length).Fill(float.NaN);
            Scratch = new MatMulScratch(_inputs.Data, _workers.Data, MatMulScratch.WorkerFloats(inDim));
        }

        public MatMulScratch Scratch { get; }

        public void Dispose()
        {
            _inputs.Dispose();
            _workers.Dispose();
        }
    }
}
