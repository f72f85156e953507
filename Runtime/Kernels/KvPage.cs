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

    /// <summary>Floats in a page.</summary>
    public long Length { get; } = checked((long)layerCount * kvHeadCount * 2 * Positions * headDim);

    /// <summary>Whether pages of two layouts hold the same at the same places.</summary>
    public bool IsSame(KvPage other) => LayerCount == other.LayerCount && KvHeadCount == other.KvHeadCount && HeadDim == other.HeadDim;

    private nuint HeadLength => (nuint)Positions * (nuint)HeadDim;

    /// <summary>Keys of one head, (HS, 64).</summary>
    public float* Keys(float* page, int layer, int kvHead) => page + ((nuint)layer * (nuint)KvHeadCount + (nuint)kvHead) * 2 * HeadLength;

    /// <summary>Values of one head, (64, HS).</summary>
    public float* Values(float* page, int layer, int kvHead) => Keys(page, layer, kvHead) + HeadLength;

    /// <summary>Stores one token's key and value of one head.</summary>
    /// <param name="page">The page that holds the position.</param>
    /// <param name="layer">Which layer.</param>
    /// <param name="kvHead">Which head.</param>
    /// <param name="slot">Position within the page, 0 to 63.</param>
    /// <param name="k">Key, (HS).</param>
    /// <param name="v">Value, (HS).</param>
    public void Store(float* page, int layer, int kvHead, int slot, float* k, float* v)
    {
        float* keys = Keys(page, layer, kvHead) + slot;
        for (int d = 0; d < HeadDim; d++)
            keys[(nuint)d * Positions] = k[d];
        new ReadOnlySpan<float>(v, HeadDim).CopyTo(new Span<float>(Values(page, layer, kvHead) + (nuint)slot * (nuint)HeadDim, HeadDim));
    }
}
