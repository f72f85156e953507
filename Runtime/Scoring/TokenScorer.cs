using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Scoring;

/// <summary>Says how likely a model finds the tokens of a text. Holds scratch memory, a cache and worker threads; for one thread at a time.</summary>
/// <param name="gpt">The model; its weights must outlive the scorer.</param>
/// <param name="threads">Threads that work on a call, 1 or more; no result depends on it.</param>
/// <param name="kvType">What the KV cache holds keys and values as.</param>
public sealed unsafe class TokenScorer(Gpt gpt, int threads, KvType kvType = KvType.F32) : IDisposable
{
    private readonly WindowLogits _model = new(gpt, threads, kvType);
    private readonly int _pieceLength = WindowLogits.PieceLength(gpt.Config.VocabSize, models: 1);

    /// <summary>Scores the last tokens of a window; those before them, one at least, are only looked at.</summary>
    /// <param name="tokens">Token ids, (n + 1), n from 1 to T_max.</param>
    /// <param name="scores">Destination, (k), k from 1 to n: how tokens[n + 1 - k] and those behind it were predicted, each from all tokens before it.</param>
    /// <param name="cancellation">Ends the work between two pieces of the window.</param>
    /// <exception cref="ArgumentException">The lengths do not go together, or an id is not below V.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public void Score(ReadOnlySpan<int> tokens, Span<TokenScore> scores, CancellationToken cancellation = default)
    {
        WindowLogits.Check(gpt.Config, tokens, scores.Length);
        ReadOnlySpan<int> inputs = tokens[^(scores.Length + 1)..^1], targets = tokens[^scores.Length..];   // (k)
        _model.Restart();
        _model.Read(tokens[..^(scores.Length + 1)], cancellation);
        for (int start = 0; start < scores.Length; start += _pieceLength)
        {
            cancellation.ThrowIfCancellationRequested();
            int length = Math.Min(_pieceLength, scores.Length - start);
            ReadOnlySpan<float> logits = _model.Predict(inputs.Slice(start, length));                // (length, V)
            fixed (float* rows = logits)
            fixed (int* next = targets.Slice(start, length))
            fixed (TokenScore* found = scores.Slice(start, length))
                _model.ForEachRow(new Rows { Logits = rows, Targets = next, Scores = found, VocabSize = gpt.Config.VocabSize }, length);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();

    private struct Rows : IRowJob
    {
        public required float* Logits;   // (T, V)
        public required int* Targets;    // (T)
        public required TokenScore* Scores;
        public required int VocabSize;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(int first, int end, int worker)
        {
            for (int i = first; i < end; i++)
            {
                var row = new ReadOnlySpan<float>(Logits + (long)i * VocabSize, VocabSize);
                Scores[i] = new TokenScore(-LogSoftmax.Of(row, Targets[i]), TokenRank.Of(row, Targets[i]));
            }
        }
    }
}
