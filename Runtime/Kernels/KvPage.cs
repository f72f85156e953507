using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// How a page of the KV cache lies in memory: keys and values of <see cref="Positions"/> consecutive positions, all layers and
/// heads. Keys are stored transposed, (HS, 64), so that a vector holds one element of eight positions and scores need no
/// horizontal sums; values are (64, HS), so that a vector holds eight elements of one position.
/// </summary>
/// <param name="layerCount">L.</param>
/// <param name="kvHeadCount">NKV.</param>
/// <param name="headDim">HS.</param>
internal readonly unsafe struct KvPage(int layerCount, int kvHeadCount, int headDim)
{
    /// <summary>Positions in a page; a sum over positions is cut at pages, so this number is part of the arithmetic.</summary>
    public const int Positions = 64;

    public readonly int LayerCount = layerCount;
    public readonly int KvHeadCount = kvHeadCount;
    public readonly int HeadDim = headDim;

    /// <summary>Elements in a page.</summary>
    public long Length { get; } = checked((long)layerCount * kvHeadCount * 2 * Positions * headDim);

    /// <summary>Whether pages of two layouts hold the same at the same places.</summary>
    public bool IsSame(KvPage other) => LayerCount == other.LayerCount && KvHeadCount == other.KvHeadCount && HeadDim == other.HeadDim;

    private nuint HeadLength => (nuint)Positions * (nuint)HeadDim;

    /// <summary>Keys of one head, (HS, 64).</summary>
    public byte* Keys<TElement>(byte* page, int layer, int kvHead)
        where TElement : struct, IWeightType => page + TElement.RowBytes(((nuint)layer * (nuint)KvHeadCount + (nuint)kvHead) * 2 * HeadLength);

    /// <summary>Values of one head, (64, HS).</summary>
    public byte* Values<TElement>(byte* page, int layer, int kvHead)
        where TElement : struct, IWeightType => Keys<TElement>(page, layer, kvHead) + TElement.RowBytes(HeadLength);

    /// <summary>Stores one token's key and value of one head.</summary>
    /// <param name="page">The page that holds the position.</param>
    /// <param name="layer">Which layer.</param>
    /// <param name="kvHead">Which head.</param>
    /// <param name="slot">Position within the page, 0 to 63.</param>
    /// <param name="k">Key, (HS).</param>
    /// <param name="v">Value, (HS).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Store<TElement>(byte* page, int layer, int kvHead, int slot, float* k, float* v)
        where TElement : struct, IKvType
    {
        byte* keys = Keys<TElement>(page, layer, kvHead);
        for (nuint d = 0; d < (nuint)HeadDim; d++)
            TElement.Store(k[d], keys, d * Positions + (nuint)slot);
        TElement.Store(new ReadOnlySpan<float>(v, HeadDim), Values<TElement>(page, layer, kvHead) + (nuint)slot * TElement.RowBytes((nuint)HeadDim));
    }
}
