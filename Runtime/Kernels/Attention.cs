using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Where one token of the call finds its past.</summary>
/// <param name="pages">The sequence's pages, see <see cref="KvPage"/>.</param>
/// <param name="length">Positions the token attends over, its own included.</param>
internal readonly unsafe struct AttentionRow(byte** pages, int length)
{
    public readonly byte** Pages = pages;
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
internal unsafe struct Attention<TElement> : IRowJob, IKernel
    where TElement : struct, IKvType
{
    /// <summary>Queries, keys and values of the call, (T, (NH + 2 NKV) * HS); only the queries are read here.</summary>
    public float* Qkv;

    /// <summary>Output: the heads' results side by side, (T, NH * HS).</summary>
    public float* Mixed;

    /// <summary>Working memory, (threads, <see cref="AttentionScratch.Length"/>).</summary>
    public float* Scratch;

    /// <summary>Where each token finds its past, (T).</summary>
    public AttentionRow* Rows;

    public AttentionScratch ScratchLayout;
    public KvPage Page;
    public int Tokens;
    public int HeadCount;
    public int QkvDim;
    public int Layer;

    private AttentionCut _cut;
    private int _first;
    private int _end;
    private int _worker;

    /// <summary>Runs all heads of all tokens.</summary>
    /// <param name="partition">Who runs them.</param>
    /// <param name="positions">Positions attended over, summed over the tokens.</param>
    public readonly void Run(RowPartition partition, long positions)
    {
        Attention<TElement> job = this with { _cut = Cut(partition.Threads) };
        partition.Run(job, job._cut.Blocks, grain: 1, work: positions * HeadCount * Page.HeadDim * 2);
    }

    /// <inheritdoc/>
    public readonly void Run(int first, int end, int worker) => Simd.Run(this with { _first = first, _end = end, _worker = worker });

    /// <summary>All of the attention as one part, for a worker alone.</summary>
    internal readonly Attention<TElement> Whole()
    {
        AttentionCut cut = Cut(threads: 1);
        return this with { _cut = cut, _end = cut.Blocks };
    }

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        float* scratch = Scratch + (nuint)_worker * (nuint)ScratchLayout.Length;
        if (Tokens == 1 && Rows->Length <= KvPage.Positions)
        {
            AttentionPart last = _cut.Block(_end - 1);
            OnePageAttention.Run<TOps, TVec, TElement>(this, _cut.Block(_first).FirstHead, last.FirstHead + last.Heads, scratch);
            return;
        }
        for (int i = _first; i < _end; i++)
        {
            AttentionPart part = _cut.Block(i);
            for (int token = part.FirstToken; token < part.EndToken;)
            {
                int end = token + 1;
                while (end < part.EndToken && Rows[end].Pages == Rows[token].Pages)   // tokens of one sequence
                    end++;
                AttentionBlock.Run<TOps, TVec, TElement>(this, part with { FirstToken = token, EndToken = end }, scratch);
                token = end;
            }
        }
    }

    private readonly AttentionCut Cut(int threads) => new(Tokens, HeadCount, Page.KvHeadCount, ScratchLayout.Rows, threads);
}
