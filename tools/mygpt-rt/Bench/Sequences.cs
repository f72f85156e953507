using System.Diagnostics;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>Sequences that are continued greedily, all in one batch, from the same prompt.</summary>
/// <param name="gpt">The model.</param>
/// <param name="activations">Its scratch memory and threads.</param>
/// <param name="kvType">What keys and values are cached as.</param>
/// <param name="count">How many sequences.</param>
internal sealed class Sequences(Gpt gpt, Activations activations, KvType kvType, int count) : IDisposable
{
    // As long as the workload's prefill, which is measured in one piece.
    private const int LongestPiece = 512;

    private readonly KvCache[] _caches = [.. Enumerable.Range(0, count).Select(_ => new KvCache(gpt.Config, kvType))];
    private readonly int[] _tokens = new int[count];
    private readonly TokenBatch _batch = new();
    private int[] _prompt = [];
    private int _first;

    /// <summary>Puts a prompt in the place of all tokens.</summary>
    /// <param name="length">Tokens of the prompt, 1 to T_max.</param>
    /// <param name="interrupted">Ends the command, between two pieces of the prompt.</param>
    public void Fill(int length, CancellationToken interrupted = default)
    {
        if (_prompt.Length != length)
            _prompt = Workload.Prompt(gpt.Config.VocabSize, length);
        foreach (KvCache cache in _caches)
        {
            cache.Truncate(0);
            for (int start = 0; start < length; start += LongestPiece)
            {
                interrupted.ThrowIfCancellationRequested();
                _batch.Clear();
                _batch.Add(cache, _prompt.AsSpan(start, Math.Min(LongestPiece, length - start)));
                _first = ArgMax.Find(gpt.Forward(_batch, activations));
            }
        }
    }

    /// <summary>Tokens per second of all sequences together, argmax included. Where the context is full it goes on behind the prompt.</summary>
    /// <param name="steps">Tokens for each.</param>
    public double DecodeRate(int steps)
    {
        int room = gpt.Config.ContextLength - _prompt.Length;
        long start = Stopwatch.GetTimestamp();
        for (int step = 0; step < steps; step++)
            Step(isFirst: step % room == 0);
        return (double)steps * count / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <summary>One token for each sequence.</summary>
    /// <returns>The logits that it was chosen from, (count, V).</returns>
    public Span<float> Step(bool isFirst)
    {
        _batch.Clear();
        for (int i = 0; i < count; i++)
        {
            if (isFirst)
            {
                _caches[i].Truncate(_prompt.Length);
                _tokens[i] = _first;
            }
            _batch.Add(_caches[i], _tokens.AsSpan(i, 1));
        }
        Span<float> logits = gpt.Forward(_batch, activations);
        int vocabSize = gpt.Config.VocabSize;
        for (int i = 0; i < count; i++)
            _tokens[i] = ArgMax.Find(logits.Slice(i * vocabSize, vocabSize));
        return logits;
    }

    public void Dispose()
    {
        foreach (KvCache cache in _caches)
            cache.Dispose();
    }
}
