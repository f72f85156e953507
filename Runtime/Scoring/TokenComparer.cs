using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Scoring;

/// <summary>
/// Says how two models of one vocabulary find the tokens of a text, side by side: their logits of a few tokens are all that is held of both. Holds scratch
/// memory, caches and worker threads; for one thread at a time.
/// </summary>
public sealed unsafe class TokenComparer : IDisposable
{
    private readonly Gpt _gpt, _baseline;
    private readonly WindowLogits _model, _baselineModel;
    private readonly int _pieceLength;

    /// <summary>Makes scratch memory for both.</summary>
    /// <param name="gpt">The model; its weights must outlive the comparer.</param>
    /// <param name="baseline">What it is compared with; the same.</param>
    /// <param name="threads">Threads that work on a call, 1 or more; no result depends on it.</param>
    /// <param name="kvType">What the KV caches hold keys and values as.</param>
    /// <exception cref="ArgumentException">The models' V differ.</exception>
    public TokenComparer(Gpt gpt, Gpt baseline, int threads, KvType kvType = KvType.F32)
    {
        ArgumentNullException.ThrowIfNull(gpt);
        ArgumentNullException.ThrowIfNull(baseline);
        if (gpt.Config.VocabSize != baseline.Config.VocabSize)
            throw new ArgumentException($"vocabularies of {gpt.Config.VocabSize} and {baseline.Config.VocabSize} tokens found, one needed", nameof(baseline));
        (_gpt, _baseline) = (gpt, baseline);
        _model = new WindowLogits(gpt, threads, kvType);
        _baselineModel = new WindowLogits(baseline, threads, kvType);
        _pieceLength = WindowLogits.PieceLength(gpt.Config.VocabSize, models: 2);
    }

    /// <summary>Compares the last tokens of a window; those before them, one at least, are only looked at.</summary>
    /// <param name="tokens">Token ids, (n + 1), n from 1 to the smaller T_max.</param>
    /// <param name="comparisons">Destination, (k), k from 1 to n, as <see cref="TokenScorer.Score"/> has it; the scores are the same, bit for bit.</param>
    /// <param name="cancellation">Ends the work between two pieces of the window.</param>
    /// <exception cref="ArgumentException">The lengths do not go together, or an id is not below V.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Compare(ReadOnlySpan<int> tokens, Span<TokenComparison> comparisons, CancellationToken cancellation = default)
    {
        WindowLogits.Check(_gpt.Config, tokens, comparisons.Length);
        WindowLogits.Check(_baseline.Config, tokens, comparisons.Length);
        ReadOnlySpan<int> inputs = tokens[^(comparisons.Length + 1)..^1], targets = tokens[^comparisons.Length..];   // (k)
        foreach (WindowLogits model in (ReadOnlySpan<WindowLogits>)[_model, _baselineModel])
        {
            model.Restart();
            model.Read(tokens[..^(comparisons.Length + 1)], cancellation);
        }
        for (int start = 0; start < comparisons.Length; start += _pieceLength)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(_pieceLength, comparisons.Length - start);
            ReadOnlySpan<float> logits = _model.Predict(inputs.Slice(start, length));                    // (length, V)
            ReadOnlySpan<float> baseline = _baselineModel.Predict(inputs.Slice(start, length));          // (length, V)
            fixed (float* rows = logits, baselineRows = baseline)
            fixed (int* next = targets.Slice(start, length))
            fixed (TokenComparison* found = comparisons.Slice(start, length))
            {
                _model.ForEachRow(
                    new Rows { Logits = rows, Baseline = baselineRows, Targets = next, Comparisons = found, VocabSize = _gpt.Config.VocabSize }, length);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _model.Dispose();
        _baselineModel.Dispose();
    }

    /// <summary>Compares two models at one position.</summary>
    /// <param name="logits">The model's logits, (V).</param>
    /// <param name="baseline">The baseline's logits, (V).</param>
    /// <param name="token">The token that follows, below V.</param>
    internal static TokenComparison Compare(ReadOnlySpan<float> logits, ReadOnlySpan<float> baseline, int token)
    {
        LogNormalizer q = LogSoftmax.Normalizer(logits), p = LogSoftmax.Normalizer(baseline);
        return new TokenComparison(
            new TokenScore(-q.LogProbability(logits[token]), TokenRank.Of(logits, token)),
            new TokenScore(-p.LogProbability(baseline[token]), TokenRank.Of(baseline, token)),
            KlDivergence.Of(baseline, p, logits, q),
            ArgMax.Find(logits) == ArgMax.Find(baseline));
    }

    private struct Rows : IRowJob
    {
        public required float* Logits, Baseline;   // (T, V)
        public required int* Targets;              // (T)
        public required TokenComparison* Comparisons;
        public required int VocabSize;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int first, int end, int worker)
        {
            for (int i = first; i < end; i++)
            {
                long row = (long)i * VocabSize;
                Comparisons[i] = Compare(
                    new ReadOnlySpan<float>(Logits + row, VocabSize), new ReadOnlySpan<float>(Baseline + row, VocabSize), Targets[i]);
            }
        }
    }
}
