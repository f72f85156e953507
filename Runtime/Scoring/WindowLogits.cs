using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Scoring;

/// <summary>A model that reads windows of a text and gives the logits of their tokens, a piece at a time.</summary>
/// <param name="gpt">The model; its weights must outlive this object.</param>
/// <param name="threads">Threads that work on a call, 1 or more; no result depends on it.</param>
/// <param name="kvType">What the KV cache holds keys and values as.</param>
internal sealed class WindowLogits(Gpt gpt, int threads, KvType kvType) : IDisposable
{
    // Logits of one piece: 83 tokens of 50,257 logits. Longer pieces gain little, and a whole context would take 200 MB.
    private const int MaxLogitBytes = 16 << 20;
    private const int LongestRead = 512;   // as many as run at a time

    // Exponential, maximum and rank: 4 ns, in which one thread does as many multiply-adds of a linear layer (Zen 4).
    private const int WorkOfLogit = 230;

    private readonly Activations _activations = new(gpt.Config, threads);
    private readonly KvCache _cache = new(gpt.Config, kvType);
    private readonly TokenBatch _batch = new();

    /// <summary>Tokens of one call of <see cref="Predict"/>, so that the logits of all models together stay within a bound.</summary>
    /// <param name="vocabSize">V.</param>
    /// <param name="models">Models that compute logits side by side.</param>
    public static int PieceLength(int vocabSize, int models) => Math.Max(1, MaxLogitBytes / models / sizeof(float) / vocabSize);

    /// <summary>Refuses a window that a model cannot read.</summary>
    /// <param name="config">The model's.</param>
    /// <param name="tokens">The window's tokens, (n + 1).</param>
    /// <param name="predictions">How many of them are predicted.</param>
    /// <exception cref="ArgumentException">n is not 1 to T_max, as many are not predicted, or an id is not below V.</exception>
    public static void Check(GptConfig config, ReadOnlySpan<int> tokens, int predictions)
    {
        int count = tokens.Length - 1;
        if (predictions < 1 || predictions > count || count > config.ContextLength)
        {
            throw new ArgumentException(
                $"{tokens.Length} tokens and {predictions} predictions found, n + 1 and 1 to n needed with n from 1 to {config.ContextLength}", nameof(tokens));
        }
        if (tokens.IndexOfAnyExceptInRange(0, config.VocabSize - 1) is >= 0 and int at)
            throw new ArgumentException($"token id {tokens[at]} found, 0 to {config.VocabSize - 1} needed", nameof(tokens));
    }

    /// <summary>Begins a window.</summary>
    public void Restart() => _cache.Truncate(0);

    /// <summary>Reads tokens of which no logits are needed; there may be none.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Read(ReadOnlySpan<int> tokens, CancellationToken cancellation)
    {
        for (; !tokens.IsEmpty; tokens = tokens[Math.Min(LongestRead, tokens.Length)..])
        {
            cancellation.ThrowIfCancellationRequested();
            Forward(tokens[..Math.Min(LongestRead, tokens.Length)], LogitRows.None);
        }
    }

    /// <summary>Reads tokens, one at least.</summary>
    /// <returns>Logits of each, (T, V), valid until the next call.</returns>
    public ReadOnlySpan<float> Predict(ReadOnlySpan<int> tokens) => Forward(tokens, LogitRows.All);

    /// <summary>Does something with each row of logits, on the threads that computed them.</summary>
    /// <param name="job">What to do; it must not throw.</param>
    /// <param name="rows">Rows of logits.</param>
    public void ForEachRow<TJob>(TJob job, int rows)
        where TJob : unmanaged, IRowJob => _activations.Partition.Run(job, rows, grain: 1, work: (long)rows * gpt.Config.VocabSize * WorkOfLogit);

    public void Dispose()
    {
        _cache.Dispose();
        _activations.Dispose();
    }

    private Span<float> Forward(ReadOnlySpan<int> tokens, LogitRows rows)
    {
        _batch.Clear();
        _batch.Add(_cache, tokens, rows);
        return gpt.Forward(_batch, _activations);
    }
}
