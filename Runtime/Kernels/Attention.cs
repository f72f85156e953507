using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>Where one token of the call finds its past.</summary>
/// <param name="pages">The sequence's pages, see <see cref="KvPage"/>.</param>
/// <param name="length">Positions the token attends over, its own included.</param>
internal readonly unsafe struct AttentionRow(float** pages, int length)
{
    public readonly float** Pages = pages;
    public readonly int Length = length;
}

/// <summary>
/// Causal attention over cached keys and values: softmax(q K^T / sqrt(HS)) V for each token and head.
/// </summary>
/// <remarks>
/// Vaswani et al. 2017, arXiv:1706.03762, section 3.2. A score is one chain of fused multiply-adds along the head; an output
/// element is one chain along the positions of a page, and pages are added in order. Nothing depends on the other tokens of the
/// call, so a prompt in one call and token by token give the same bits.
/// </remarks>
internal unsafe struct Attention : IRowJob, IKernel
{
    /// <summary>Queries, keys and values of the call, (T, (NH + 2 NKV) * HS); only the queries are read here.</summary>
    public float* Qkv;

    /// <summary>Output: the heads' results side by side, (T, NH * HS).</summary>
    public float* Mixed;

    /// <summary>Scratch for scores, one row per worker, (threads, T_max rounded up to pages).</summary>
    public float* Scores;

    /// <summary>Where each token finds its past, (T).</summary>
    public AttentionRow* Rows;

    public KvPage Page;
    public int Tokens;
    public int HeadCount;
    public int QkvDim;
    public int ScoreStride;
    public int Layer;

    private int _first;
    private int _end;
    private int _worker;

    /// <summary>Runs all heads of all tokens.</summary>
    /// <param name="partition">Who runs them.</param>
    /// <param name="positions">Positions attended over, summed over the tokens.</param>
    public readonly void Run(RowPartition partition, long positions) =>
        partition.Run(this, Tokens * HeadCount, grain: 1, work: positions * HeadCount * Page.HeadDim * 2);

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker)
    {
        Simd.Run(Part(first, end, worker));
    }

    /// <summary>The same attention for items [first, end) only: a copy, since the job itself is shared by the workers.</summary>
    internal readonly Attention Part(int first, int end, int worker) => this with { _first = first, _end = end, _worker = worker };

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        int headDim = Page.HeadDim, queriesPerKey = HeadCount / Page.KvHeadCount;
        float scale = 1f / MathF.Sqrt(headDim);
        float* scores = Scores + (nuint)_worker * (nuint)ScoreStride;
        for (int item = _first; item < _end; item++)
        {
            int head = item / Tokens, token = item - head * Tokens, kvHead = head / queriesPerKey;
            AttentionRow row = Rows[token];
            float* q = Qkv + (nuint)token * (nuint)QkvDim + head * headDim;
            for (int start = 0; start < row.Length; start += KvPage.Positions)
            {
                float* keys = Page.Keys(row.Pages[start / KvPage.Positions], Layer, kvHead);
                AttentionTile.Scores<TOps, TVec>(q, keys, (nuint)headDim, scale, Math.Min(row.Length - start, KvPage.Positions), scores + start);
            }
            float sum = Softmax.Exponentials(new Span<float>(scores, row.Length));
            float* mixed = Mixed + ((nuint)token * (nuint)HeadCount + (nuint)head) * (nuint)headDim;
            for (int start = 0; start < row.Length; start += KvPage.Positions)
            {
                float* values = Page.Values(row.Pages[start / KvPage.Positions], Layer, kvHead);
                AttentionTile.Mix<TOps, TVec>(scores + start, values, (nuint)headDim, Math.Min(row.Length - start, KvPage.Positions), start == 0, mixed);
            }
            Divide.Apply(new Span<float>(mixed, headDim), sum);
        }
    }
}
