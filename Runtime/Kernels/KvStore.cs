using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Stores the keys and values of a call's tokens, one layer, in their sequences' pages.</summary>
/// <remarks>
/// Head by head: a page's keys of one head are HS rows of 64 elements, which stay in the first-level cache while the tokens fill them column by
/// column. Token by token every store would miss it.
/// </remarks>
internal unsafe struct KvStore<TElement> : IRowJob
    where TElement : struct, IKvType
{
    /// <summary>Queries, keys and values, (T, (NH + 2 NKV) * HS).</summary>
    public float* Qkv;

    /// <summary>Where each token finds its past and itself, (T).</summary>
    public AttentionRow* Rows;

    public KvPage Page;
    public int Tokens;
    public int QkvDim;
    public int Layer;

    // Keys go to one line each: about 2 cycles an element, the work of 16 multiply-adds.
    private const int WorkPerElement = 16;

    /// <summary>Stores all heads of all tokens.</summary>
    /// <param name="partition">Who does it.</param>
    public readonly void Run(RowPartition partition) =>
        partition.Run(this, Page.KvHeadCount * Tokens, grain: 1, work: (long)Page.KvHeadCount * Tokens * Page.HeadDim * WorkPerElement);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int first, int end, int worker)
    {
        int kvDim = Page.KvHeadCount * Page.HeadDim;
        for (int item = first; item < end; item++)
        {
            int head = item / Tokens, token = item - head * Tokens, position = Rows[token].Length - 1;
            float* k = Qkv + (nint)token * QkvDim + (QkvDim - 2 * kvDim) + head * Page.HeadDim;
            Page.Store<TElement>(Rows[token].Pages[position / KvPage.Positions], Layer, head, position % KvPage.Positions, k, k + kvDim);
        }
    }
}
