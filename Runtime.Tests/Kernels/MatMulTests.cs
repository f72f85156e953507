using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class MatMulTests
{
    // The two longest reach the tiles that one token alone takes when rows are long.
    private static readonly int[] InDims = [1, 2, 7, 8, 9, 10, 15, 16, 17, 31, 51, 64, 100, 264, 1032];
    private static readonly int[] OutDims = [1, 3, 4, 5, 11, 24];
    private static readonly int[] TokenCounts = [1, 2, 3, 4, 7];

    [Fact]
    public void Run_is_the_canonical_chain_for_every_shape_and_instruction_set()
    {
        foreach (int inDim in InDims)
        {
            foreach (int outDim in OutDims)
            {
                foreach (int tokens in TokenCounts)
                {
                    float[] w = [.. Sample.Floats(inDim * outDim, inDim).Select(Truncate)], x = Sample.Floats(inDim * tokens, outDim);
                    float[] expected = new float[tokens * outDim];
                    for (int t = 0; t < tokens; t++)
                    {
                        for (int o = 0; o < outDim; o++)
                            expected[t * outDim + o] = CanonicalSum.Of(w.AsSpan(o * inDim, inDim), x.AsSpan(t * inDim, inDim));
                    }
                    foreach (InstructionSet set in InstructionSets.All)
                    {
                        Assert.Equal(Sample.Bits(expected), Sample.Bits(Run<F32Rows>(set, w, x, inDim, outDim, tokens)));
                        ushort[] narrow = [.. w.Select(v => (ushort)(BitConverter.SingleToUInt32Bits(v) >> 16))];
                        Assert.Equal(Sample.Bits(expected), Sample.Bits(Run<Bf16Rows>(set, narrow, x, inDim, outDim, tokens)));
                    }
                }
            }
        }
    }

    [Fact]
    public void Run_is_within_the_bound_of_a_dot_product()
    {
        const int inDim = 3072, outDim = 5, tokens = 4;
        float[] w = Sample.Floats(inDim * outDim, 1), x = Sample.Floats(inDim * tokens, 2);
        float[] y = Run<F32Rows>(InstructionSets.All.Last(), w, x, inDim, outDim, tokens);
        for (int t = 0; t < tokens; t++)
        {
            for (int o = 0; o < outDim; o++)
            {
                double sum = 0, size = 0;
                for (int i = 0; i < inDim; i++)
                {
                    sum += (double)w[o * inDim + i] * x[t * inDim + i];
                    size += Math.Abs((double)w[o * inDim + i] * x[t * inDim + i]);
                }
                // A lane adds n / 8 products, then three additions: Higham 2002, section 3.1.
                double bound = (inDim / 8 + 3) * Math.Pow(2, -24) * size;
                Assert.InRange(y[t * outDim + o], sum - bound, sum + bound);
            }
        }
    }

    [Fact]
    public void Run_adds_bias_then_activates_then_joins_the_residual()
    {
        const int inDim = 20, outDim = 9, tokens = 5;
        float[] w = Sample.Floats(inDim * outDim, 1), x = Sample.Floats(inDim * tokens, 2), bias = Sample.Floats(outDim, 3), residual = Sample.Floats(outDim * tokens, 4);
        float[] plain = Run<F32Rows>(InstructionSet.Portable, w, x, inDim, outDim, tokens);
        float[] y = new float[outDim * tokens], sum = [.. residual];
        using var partition = new RowPartition(2);
        fixed (float* pw = w, px = x, pb = bias, py = y, pr = sum)
        {
            new MatMul<F32Rows>
            {
                W = (byte*)pw, X = px, Y = py, Epilogue = new Epilogue { Bias = pb, Residual = pr, Activation = &Relu.Apply }, Tokens = tokens, InDim = inDim, OutDim = outDim,
            }.Run(partition);
        }
        for (int i = 0; i < y.Length; i++)
        {
            float expected = Math.Max(plain[i] + bias[i % outDim], 0);
            Assert.Equal(expected, y[i]);
            Assert.Equal(residual[i] + expected, sum[i]);
        }
    }

    [Fact]
    public void Run_multiplies_what_it_activated_by_the_factor()
    {
        const int inDim = 20, outDim = 9, tokens = 5;
        float[] w = Sample.Floats(inDim * outDim, 1), x = Sample.Floats(inDim * tokens, 2), bias = Sample.Floats(outDim, 3), factor = Sample.Floats(outDim * tokens, 4);
        float[] plain = Run<F32Rows>(InstructionSet.Portable, w, x, inDim, outDim, tokens);
        float[] y = new float[outDim * tokens];
        using var partition = new RowPartition(2);
        fixed (float* pw = w, px = x, pb = bias, py = y, pf = factor)
        {
            new MatMul<F32Rows>
            {
                W = (byte*)pw, X = px, Y = py, Epilogue = new Epilogue { Bias = pb, Factor = pf, Activation = &Relu.Apply }, Tokens = tokens, InDim = inDim, OutDim = outDim,
            }.Run(partition);
        }
        for (int i = 0; i < y.Length; i++)
            Assert.Equal(Math.Max(plain[i] + bias[i % outDim], 0) * factor[i], y[i]);
    }

    private static float[] Run<TWeights>(InstructionSet set, Array weights, float[] x, int inDim, int outDim, int tokens)
        where TWeights : struct, IWeightType
    {
        byte[] bytes = new byte[Buffer.ByteLength(weights)];
        Buffer.BlockCopy(weights, 0, bytes, 0, bytes.Length);
        var y = new Guarded(new float[outDim * tokens]);
        fixed (byte* w = bytes)
        fixed (float* px = x, py = y.Span)
        {
            var job = new MatMul<TWeights> { W = w, X = px, Y = py, Tokens = tokens, InDim = inDim, OutDim = outDim };
            set.Run(job.Part(0, outDim));
        }
        return y.Checked();
    }

    private static float Truncate(float v) => BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(v) & 0xFFFF0000);
}
