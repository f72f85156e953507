using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Model;

/// <summary>Consecutive tokens of a batch that run at a time; a sequence may reach over several chunks.</summary>
internal readonly unsafe ref struct BatchChunk
{
    private readonly TokenBatch _batch;
    private readonly int _first, _capacity;

    /// <summary>The first chunk of a batch.</summary>
    public BatchChunk(TokenBatch batch, int capacity)
        : this(batch, capacity, first: 0)
    {
    }

    private BatchChunk(TokenBatch batch, int capacity, int first)
    {
        _batch = batch;
        _capacity = capacity;
        _first = first;
        Count = Math.Min(capacity, batch.TokenCount - first);
    }

    /// <summary>T: tokens in this chunk; 0 past the end of the batch.</summary>
    public int Count { get; }

    /// <summary>Token ids, (T).</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(_batch.Tokens).Slice(_first, Count);

    /// <summary>How the caches' pages lie; they are all of one model.</summary>
    public KvPage Layout => _batch.Parts[0].Cache.Layout;

    /// <summary>What the caches hold; it is the same in all of them.</summary>
    public KvType KvType => _batch.Parts[0].Cache.KvType;

    /// <summary>The chunk after this one.</summary>
    public BatchChunk Next() => new(_batch, _capacity, _first + Count);

    /// <summary>Makes room in the caches and notes where each token finds its past.</summary>
    /// <param name="rows">Destination, (T).</param>
    /// <returns>Positions attended over, summed over the tokens.</returns>
    public long Place(AttentionRow* rows)
    {
        long positions = 0;
        foreach (TokenBatch.Part part in _batch.Parts)
        {
            (int first, int end) = Overlap(part);
            if (first >= end)
                continue;
            int past = part.Cache.Length;
            part.Cache.Append(end - first);
            for (int i = first; i < end; i++)
            {
                rows[i - _first] = new AttentionRow(part.Cache.Pages, past + i - first + 1);
                positions += past + i - first + 1;
            }
        }
        return positions;
    }

    /// <summary>Moves the rows for which logits are wanted to the front.</summary>
    /// <param name="x">Residual stream, (T, C).</param>
    /// <param name="width">C.</param>
    /// <returns>R: their number.</returns>
    public int GatherLogitRows(float* x, int width)
    {
        int rows = 0;
        foreach (TokenBatch.Part part in _batch.Parts)
        {
            (int first, int end) = Overlap(part);
            for (int i = first; i < end; i++)
            {
                bool wanted = part.Logits switch
                {
                    LogitRows.None => false,
                    LogitRows.Last => i == part.First + part.Count - 1,
                    LogitRows.All => true,
                };
                if (!wanted)
                    continue;
                new ReadOnlySpan<float>(x + (nint)(i - _first) * width, width).CopyTo(new Span<float>(x + (nint)rows * width, width));
                rows++;
            }
        }
        return rows;
    }

    private (int First, int End) Overlap(TokenBatch.Part part) =>
        (Math.Max(part.First, _first), Math.Min(part.First + part.Count, _first + Count));
}
