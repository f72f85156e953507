using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Generation;

/// <summary>The memory and the threads that one run needs; kept for the next run when it ends.</summary>
internal sealed class GenerationSession(GptConfig config, int threads) : IDisposable
{
    private readonly List<KvCache> _caches = [];
    private KvType _kvType;

    public Activations Activations { get; } = new(config, threads);

    public TokenBatch Batch { get; } = new();

    /// <summary>A copy of the prompt's logits for one of the samples that start from them, (V).</summary>
    public float[] Logits { get; } = new float[config.VocabSize];

    /// <summary>Gets ready for a run; caches that hold something else than it needs are freed.</summary>
    public void Begin(KvType kvType)
    {
        if (kvType != _kvType)
            FreeCaches();
        _kvType = kvType;
    }

    /// <summary>The cache of a sample; made when it is first asked for.</summary>
    public KvCache Cache(int sample)
    {
        while (_caches.Count <= sample)
            _caches.Add(new KvCache(config, _kvType));
        return _caches[sample];
    }

    /// <summary>Makes room for steps of so many tokens now rather than in the step that needs it; logits of an earlier call are lost.</summary>
    public void ReserveSteps(int tokens, int vocabSize)
    {
        Batch.Reserve(tokens);
        Activations.ReserveLogits(tokens, vocabSize);
    }

    /// <summary>Empties the caches for another run.</summary>
    public void Reset()
    {
        Batch.Clear();
        _caches.ForEach(cache => cache.Truncate(0));
    }

    public void Dispose()
    {
        FreeCaches();
        Activations.Dispose();
    }

    private void FreeCaches()
    {
        _caches.ForEach(cache => cache.Dispose());
        _caches.Clear();
    }
}
