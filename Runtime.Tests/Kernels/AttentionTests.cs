using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

public class AttentionTests
{
    // Past two pages; tokens of every length up to it are in the one call.
    private const int Length = 139;

    public static TheoryData<int, int, int> Shapes => new()
    {
        { 1, 2, 2 },
        { 4, 1, 1 },
        { 5, 3, 1 },
        { 8, 2, 2 },
        { 10, 2, 2 },
        { 16, 4, 2 },
        { 24, 3, 1 },
        { 64, 2, 2 },
        { 16, 30, 30 },  // more heads than scores of a page are held for; four at a time, and what is left
        { 32, 7, 7 },
        { 64, 10, 2 },   // five queries a key: more than a block takes
        { 80, 2, 1 },
    };

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_matches_reference_on_every_instruction_set(int headDim, int heads, int kvHeads)
    {
        Match<F32Rows>(headDim, heads, kvHeads);
        Match<Bf16Rows>(headDim, heads, kvHeads);
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Run_gives_the_same_bits_for_any_cut_of_the_tokens(int headDim, int heads, int kvHeads)
    {
        Cut<F32Rows>(headDim, heads, kvHeads);
        Cut<Bf16Rows>(headDim, heads, kvHeads);
    }

    [Theory]
    [InlineData(1, 5000)]      // half as many scores fit a worker's scratch
    [InlineData(1, 20_000)]    // three rows of them
    [InlineData(1, 1 << 17)]   // one
    [InlineData(2, Length)]
    [InlineData(3, Length)]
    [InlineData(8, 20_000)]
    public void Run_gives_the_same_bits_for_any_threads_and_scratch(int threads, int contextLength)
    {
        Share<F32Rows>(threads, contextLength);
        Share<Bf16Rows>(threads, contextLength);
    }

    private static void Match<TElement>(int headDim, int heads, int kvHeads)
        where TElement : struct, IKvType
    {
        using var call = new AttentionCall<TElement>(headDim, heads, kvHeads, Length);
        double[] expected = call.Reference();

        var bits = new List<uint[]>();
        foreach (InstructionSet set in InstructionSets.All)
        {
            float[] mixed = call.Run(0, Length, job => set.Run(job.Whole()));
            // Weights of at most 1 over values of at most 1.5: errors of a few hundred roundings.
            Sample.Close(expected, mixed, relative: 1e-6, absolute: 3e-6);
            bits.Add(Sample.Bits(mixed));
        }
        Assert.All(bits, b => Assert.Equal(bits[0], b));
    }

    private static void Cut<TElement>(int headDim, int heads, int kvHeads)
        where TElement : struct, IKvType
    {
        using var call = new AttentionCall<TElement>(headDim, heads, kvHeads, Length);
        float[] whole = call.Run(0, Length, job => Simd.Run(job.Whole()));
        foreach (int step in new[] { 1, 2, 5, 6, 7, 13, 63, 64, 65, 127 })
        {
            List<float> parts = [];
            for (int first = 0; first < Length; first += step)
                parts.AddRange(call.Run(first, Math.Min(step, Length - first), job => Simd.Run(job.Whole())));
            Assert.Equal(Sample.Bits(whole), Sample.Bits(parts));
        }
    }

    private static void Share<TElement>(int threads, int contextLength)
        where TElement : struct, IKvType
    {
        using var call = new AttentionCall<TElement>(headDim: 24, heads: 10, kvHeads: 2, Length);
        float[] expected = call.Run(0, Length, job => Simd.Run(job.Whole()));
        using var partition = new RowPartition(threads);
        Assert.Equal(Sample.Bits(expected), Sample.Bits(call.Run(0, Length, job => job.Run(partition, positions: 1 << 20), contextLength, threads)));
        float[] last = call.Run(Length - 1, 1, job => job.Run(partition, positions: 1 << 20), contextLength, threads);
        Assert.Equal(Sample.Bits(expected[^last.Length..]), Sample.Bits(last));
    }
}
