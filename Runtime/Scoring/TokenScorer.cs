using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Scoring;

/// <summary>Says how likely a model finds the tokens of a text. Holds scratch memory, a cache and worker threads; for one thread at a time.</summary>
/// <param name="gpt">The model; its weights must outlive the scorer.</param>
/// <param name="threads">Threads that work on a call, 1 or more; no result depends on it.</param>
/// <param name="kvType">What the KV cache holds keys and values as.</param>
public sealed class TokenScorer(Gpt gpt, int threads, KvType kvType = KvType.F32) : IDisposable
{
    // Logits of one piece: 83 tokens of 50,257 logits. Longer pieces gain little, and a whole context would take 200 MB.
    private const int MaxLogitBytes = 16 << 20;

    private readonly Activations _activations = new(gpt.Config, threads);
    private readonly KvCache _cache = new(gpt.Config, kvType);
    private readonly TokenBatch _batch = new();
    private readonly int _pieceLength = Math.Max(1, MaxLogitBytes / sizeof(float) / gpt.Config.VocabSize);

    /// <summary>The loss of each token of a window but the first, which is only looked at.</summary>
    /// <param name="tokens">Token ids, (n + 1), n from 1 to T_max.</param>
    /// <param name="losses">Destination, (n): -ln p(tokens[i + 1] | tokens[0 .. i]) in nats. Infinite for a token that the model rules out, NaN for logits that are no numbers.</param>
    /// <param name="cancellation">Ends the work between two pieces of the window.</param>
    /// <exception cref="ArgumentException">The lengths do not go together, or an id is not below V.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Losses(ReadOnlySpan<int> tokens, Span<double> losses, CancellationToken cancellation = default)
    {
        int count = tokens.Length - 1, vocabSize = gpt.Config.VocabSize;
        if (losses.Length != count || count < 1 || count > gpt.Config.ContextLength)
            throw new ArgumentException($"{tokens.Length} tokens and {losses.Length} losses found, n + 1 and n needed with n from 1 to {gpt.Config.ContextLength}");
        if ((uint)tokens[^1] >= (uint)vocabSize)   // never goes in; of the others Forward takes care
            throw new ArgumentException($"token id {tokens[^1]} found, 0 to {vocabSize - 1} needed", nameof(tokens));
        _cache.Truncate(0);
        for (int start = 0; start < count; start += _pieceLength)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(_pieceLength, count - start);
            _batch.Clear();
            _batch.Add(_cache, tokens.Slice(start, length), LogitRows.All);
            ReadOnlySpan<float> logits = gpt.Forward(_batch, _activations);                      // (length, V)
            for (int i = 0; i < length; i++)
                losses[start + i] = -LogSoftmax.Of(logits.Slice(i * vocabSize, vocabSize), tokens[start + i + 1]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _cache.Dispose();
        _activations.Dispose();
    }
}
