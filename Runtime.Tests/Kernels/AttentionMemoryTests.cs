using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Keys and values stored and attended over, where every page, the table of pages and the scratch end where their memory ends.</summary>
public unsafe class AttentionMemoryTests
{
    private const int Heads = 4, KvHeads = 2;

    public static TheoryData<int> HeadDims => [1, 5, 10, 16, 24, 64, 72, 80];

    [FencedTheory]
    [MemberData(nameof(HeadDims))]
    public void Attention_stays_within_its_memory(int headDim)
    {
        foreach (int length in new[] { 1, 5, 63, 64, 65, 128 })
        {
            Attend<F32Rows>(headDim, length);
            Attend<Bf16Rows>(headDim, length);
        }
    }

    // All tokens in one call, then the last one alone.
    private static void Attend<TElement>(int headDim, int length)
        where TElement : struct, IKvType
    {
        const int width = Heads + (2 * KvHeads);
        var layout = new KvPage(layerCount: 1, KvHeads, headDim);
        var scratchLayout = new AttentionScratch(length, headDim);
        byte[] page = new byte[(int)TElement.RowBytes((nuint)layout.Length)];
        FencedMemory<byte>[] pages = [.. Enumerable.Range(0, (length + KvPage.Positions - 1) / KvPage.Positions).Select(_ => new FencedMemory<byte>(page))];
        using var table = new FencedMemory<nint>([.. pages.Select(memory => (nint)memory.Data)]);
        using FencedMemory<float> qkv = new(Sample.Floats(length * width * headDim, 1)), mixed = new(new float[length * Heads * headDim]);
        using var scratch = new FencedMemory<float>(new float[scratchLayout.Length]);
        using var rows = new FencedMemory<AttentionRow>([.. Enumerable.Range(1, length).Select(end => new AttentionRow((byte**)table.Data, end))]);
        using var partition = new RowPartition(1);
        new KvStore<TElement> { Qkv = qkv.Data, Rows = rows.Data, Page = layout, Tokens = length, QkvDim = width * headDim }.Run(partition);
        var call = new Attention<TElement>
        {
            Qkv = qkv.Data, Mixed = mixed.Data, Scratch = scratch.Data, Rows = rows.Data, ScratchLayout = scratchLayout, Page = layout,
            Tokens = length, HeadCount = Heads, QkvDim = width * headDim,
        };
        foreach (InstructionSet set in InstructionSets.All)
        {
            mixed.Span.Fill(float.NaN);
            set.Run(call.Whole());
            Assert.All(mixed.Span.ToArray(), y => Assert.True(float.IsFinite(y)));
            float[] last = mixed.Span[^(Heads * headDim)..].ToArray();
            Attention<TElement> alone = call with
            {
                Qkv = qkv.Data + ((length - 1) * width * headDim), Mixed = mixed.Data + ((length - 1) * Heads * headDim), Rows = rows.Data + length - 1, Tokens = 1,
            };
            mixed.Span.Fill(float.NaN);
            set.Run(alone.Whole());
            Assert.Equal(last, mixed.Span[^(Heads * headDim)..]);
        }
        foreach (FencedMemory<byte> memory in pages)
            memory.Dispose();
    }
}
