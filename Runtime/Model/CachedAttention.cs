using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Model;

/// <summary>Where the type of a KV cache meets the kernels: one arm per type.</summary>
internal static unsafe class CachedAttention
{
    /// <summary>Stores the keys and values of a chunk's tokens, (T), in their sequences' caches. They are rounded here and nowhere else.</summary>
    /// <param name="a">Keys and values, and who does it.</param>
    /// <param name="chunk">The tokens.</param>
    /// <param name="layer">Which layer.</param>
    public static void Store(Activations a, BatchChunk chunk, int layer)
    {
        delegate*<Activations, BatchChunk, int, void> store = chunk.KvType switch
        {
            KvType.F32 => &Store<F32Rows>,
            KvType.Bf16 => &Store<Bf16Rows>,
        };
        store(a, chunk, layer);
    }

    /// <summary>Attention of a chunk's tokens, (T, NH * HS), over what the caches hold: a token's own key and value are read from there too.</summary>
    /// <param name="a">Queries, scratch memory, and who does it.</param>
    /// <param name="chunk">The tokens.</param>
    /// <param name="positions">Positions attended over, summed over the tokens.</param>
    /// <param name="layer">Which layer.</param>
    public static void Attend(Activations a, BatchChunk chunk, long positions, int layer)
    {
        delegate*<Activations, BatchChunk, long, int, void> attend = chunk.KvType switch
        {
            KvType.F32 => &Attend<F32Rows>,
            KvType.Bf16 => &Attend<Bf16Rows>,
        };
        attend(a, chunk, positions, layer);
    }

    private static void Store<TElement>(Activations a, BatchChunk chunk, int layer)
        where TElement : struct, IKvType => new KvStore<TElement>
        {
            Qkv = a.Qkv,
            Rows = a.Rows,
            Page = chunk.Layout,
            Tokens = chunk.Count,
            QkvDim = a.Config.QkvDim,
            Layer = layer,
        }.Run(a.Partition);

    private static void Attend<TElement>(Activations a, BatchChunk chunk, long positions, int layer)
        where TElement : struct, IKvType => new Attention<TElement>
        {
            Qkv = a.Qkv,
            Mixed = a.Mixed,
            Scratch = a.Scratch,
            Rows = a.Rows,
            ScratchLayout = a.AttentionScratch,
            Page = chunk.Layout,
            Tokens = chunk.Count,
            HeadCount = a.Config.HeadCount,
            QkvDim = a.Config.QkvDim,
            Layer = layer,
        }.Run(a.Partition, positions);
}
