using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class AttentionTests
{
    [Theory]
    [InlineData(4, 1, 1)]
    [InlineData(10, 2, 2)]
    [InlineData(16, 4, 2)]
    [InlineData(24, 3, 1)]
    [InlineData(64, 2, 2)]
    [InlineData(72, 2, 1)]
    public void Run_matches_reference_on_every_instruction_set(int headDim, int heads, int kvHeads)
    {
        const int length = 133;
        int width = (heads + 2 * kvHeads) * headDim;
        float[] qkv = Sample.Floats(length * width, headDim, spread: 1.5f);
        double[] expected = Reference(qkv, length, headDim, heads, kvHeads);

        var bits = new List<uint[]>();
        foreach (InstructionSet set in InstructionSets.All)
        {
            float[] mixed = Run(set, qkv, length, headDim, heads, kvHeads);
            // Weights of at most 1 over values of at most 1.5: errors of a few hundred roundings.
            Sample.Close(expected, mixed, relative: 1e-6, absolute: 3e-6);
            bits.Add(Sample.Bits(mixed));
        }
        Assert.All(bits, b => Assert.Equal(bits[0], b));
    }

    private static float[] Run(InstructionSet set, float[] qkv, int length, int headDim, int heads, int kvHeads)
    {
        int width = (heads + 2 * kvHeads) * headDim, pages = (length + KvPage.Positions - 1) / KvPage.Positions;
        var layout = new KvPage(layerCount: 2, kvHeads, headDim);
        using var memory = new NativeBuffer(layout.Length * pages);
        float** table = stackalloc float*[pages];
        for (int i = 0; i < pages; i++)
            table[i] = memory.Data + i * layout.Length;
        AttentionRow* rows = stackalloc AttentionRow[length];
        var mixed = new Guarded(new float[length * heads * headDim]);
        float[] scores = new float[pages * KvPage.Positions];
        fixed (float* x = qkv, y = mixed.Span, s = scores)
        {
            for (int t = 0; t < length; t++)
            {
                rows[t] = new AttentionRow(table, t + 1);
            }
            new KvStore { Qkv = x, Rows = rows, Page = layout, Tokens = length, QkvDim = width, Layer = 1 }.Run(0, length * kvHeads, worker: 0);
            var job = new Attention
            {
                Qkv = x, Mixed = y, Scores = s, Rows = rows, Page = layout, Tokens = length, HeadCount = heads, QkvDim = width, ScoreStride = scores.Length, Layer = 1,
            };
            set.Run(job.Part(0, length * heads, worker: 0));
        }
        return mixed.Checked();
    }

    private static double[] Reference(float[] qkv, int length, int headDim, int heads, int kvHeads)
    {
        int width = (heads + 2 * kvHeads) * headDim;
        double[] mixed = new double[length * heads * headDim];
        for (int t = 0; t < length; t++)
        {
            for (int h = 0; h < heads; h++)
            {
                int k = (heads + h / (heads / kvHeads)) * headDim, v = k + kvHeads * headDim;
                double[] e = [.. Enumerable.Range(0, t + 1).Select(p =>
                    Math.Exp(Enumerable.Range(0, headDim).Sum(d => (double)qkv[t * width + h * headDim + d] * qkv[p * width + k + d]) / Math.Sqrt(headDim)))];
                for (int d = 0; d < headDim; d++)
                    mixed[(t * heads + h) * headDim + d] = Enumerable.Range(0, t + 1).Sum(p => e[p] * qkv[p * width + v + d]) / e.Sum();
            }
        }
        return mixed;
    }
}
