using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>
/// A GPT: token ids in, logits out. Immutable; sessions share it, each with its own <see cref="Activations"/> and caches.
/// </summary>
/// <remarks>
/// Vaswani et al. 2017, arXiv:1706.03762; Radford et al. 2019 (GPT-2). A token's logits depend on its sequence alone, bit for
/// bit: not on the number of threads, on how a prompt is cut into calls, nor on what else is in the batch.
/// </remarks>
public sealed unsafe class Gpt
{
    private readonly KvPage _cacheLayout;
    private readonly RotaryAngles? _angles;

    /// <summary>Makes the model.</summary>
    /// <param name="config">Sizes and variants.</param>
    /// <param name="weights">Tensors of that config; they must outlive this object.</param>
    /// <exception cref="ArgumentException">The tensors are of another config.</exception>
    public Gpt(GptConfig config, GptWeights weights)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Config != config)
            throw new ArgumentException("The weights belong to a model of another config.", nameof(weights));
        Config = config;
        Weights = weights;
        StepCost = StepCost.Of(weights);
        _cacheLayout = new KvPage(config.LayerCount, config.KvHeadCount, config.HeadDim);
        _angles = config.Position switch
        {
            PositionKind.Learned => null,
            PositionKind.RotaryPairs => RotaryAngles.ForPairs(config.HeadDim, config.RotaryBase),
            PositionKind.RotaryHalves => RotaryAngles.ForHalves(config.HeadDim, config.RotaryBase),
        };
    }

    /// <summary>Sizes and variants.</summary>
    public GptConfig Config { get; }

    /// <summary>The tensors.</summary>
    public GptWeights Weights { get; }

    /// <summary>What a step of decoding costs, by its number of tokens.</summary>
    internal StepCost StepCost { get; }

    /// <summary>Appends a batch's tokens to their sequences and computes logits.</summary>
    /// <param name="batch">Tokens of one or more sequences, (T).</param>
    /// <param name="activations">Scratch memory and threads of the session.</param>
    /// <returns>Logits, (<see cref="TokenBatch.LogitRowCount"/>, V), in the order of the batch; the caller's to change, valid until the next call with the same activations and as long as those are alive.</returns>
    /// <exception cref="ArgumentException">A token id is not below V, a sequence would outgrow T_max, the logits would outgrow a span, a cache or the activations are of another model, or the caches are of several types. Nothing has changed then.</exception>
    public Span<float> Forward(TokenBatch batch, Activations activations)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(activations);
        Check(batch, activations);
        activations.Partition.BeginCall(batch.IsPrompt, StepCost.PerToken(batch.TokenCount));
        float* logits = activations.Logits(batch.LogitRowCount, Config.VocabSize);
        float* next = logits;
        for (var chunk = new BatchChunk(batch, activations.ChunkLength); chunk.Count > 0; chunk = chunk.Next())
            next = ForwardChunk(chunk, activations, next);
        GC.KeepAlive(batch);   // kernels hold pointers, which keep nothing from being finalised
        GC.KeepAlive(activations);
        GC.KeepAlive(this);
        return new Span<float>(logits, batch.LogitRowCount * Config.VocabSize);
    }

    // Shapes: T tokens in this chunk, R of them with logits. Returns where the next chunk's logits go.
    private float* ForwardChunk(BatchChunk chunk, Activations a, float* logits)
    {
        int tokens = chunk.Count;
        long positions = chunk.Place(a.Rows);                                                       // (T) where each token's past is
        ReadOnlySpan<int> ids = chunk.Tokens;                                                       // (T)
        for (int t = 0; t < tokens; t++)
            Embed(ids[t], a.Rows[t].Length - 1, a.Residual + (nint)t * Config.EmbeddingDim);        // (T, C)
        a.Show(ForwardOperation.Embedding, layer: null, a.Residual, tokens);
        Norm(a, Weights.EmbeddingNorm, a.Residual, tokens, a.Residual);                             // (T, C)
        if (Weights.EmbeddingNorm is not null)
            a.Show(ForwardOperation.EmbeddingNorm, layer: null, a.Residual, tokens);
        WriteAngles(a, tokens);                                                                     // (T, 2, HS)

        for (int layer = 0; layer < Weights.Blocks.Count; layer++)
        {
            BlockWeights block = Weights.Blocks[layer];
            Norm(a, block.AttentionNorm, a.Residual, tokens, a.Normed);                             // (T, C)
            a.Show(ForwardOperation.AttentionNorm, layer, a.Normed, tokens);
            Linear.Apply(a, block.Qkv, a.Normed, tokens, a.Qkv);                                    // (T, (NH + 2 NKV) * HS)
            a.Show(ForwardOperation.Qkv, layer, a.Qkv, tokens);
            Rotate(a, tokens);                                                                      // Q, K of (T)
            CachedAttention.Store(a, chunk, layer);                                                 // K, V of (T) into the caches
            CachedAttention.Attend(a, chunk, positions, layer);                                     // (T, NH * HS)
            a.Show(ForwardOperation.Attention, layer, a.Mixed, tokens);
            Linear.Apply(a, block.Projection, a.Mixed, tokens, a.Projected, residual: a.Residual);
            a.Show(ForwardOperation.AttentionResidual, layer, a.Residual, tokens);
            Norm(a, block.MlpNorm, a.Residual, tokens, a.Normed);                                   // (T, C)
            a.Show(ForwardOperation.MlpNorm, layer, a.Normed, tokens);
            Expand(block, a, tokens);                                                               // (T, F)
            a.Show(ForwardOperation.MlpHidden, layer, a.Hidden, tokens);
            Linear.Apply(a, block.MlpDown, a.Hidden, tokens, a.Projected, residual: a.Residual);
            a.Show(ForwardOperation.MlpResidual, layer, a.Residual, tokens);
        }

        int rows = chunk.GatherLogitRows(a.Residual, Config.EmbeddingDim);                          // (R, C)
        if (rows == 0)
            return logits;
        float* final = Norm(a, Weights.FinalNorm, a.Residual, rows, a.Normed);                      // (R, C)
        if (Weights.FinalNorm is not null)
            a.Show(ForwardOperation.FinalNorm, layer: null, final, rows);
        Linear.Apply(a, Weights.Head, final, rows, logits);                                         // (R, V)
        a.Show(ForwardOperation.Logits, layer: null, logits, rows);
        return logits + (nint)rows * Config.VocabSize;
    }

    private void Embed(int token, int position, float* y)
    {
        var row = new Span<float>(y, Config.EmbeddingDim);
        Linear.Embed(Weights.TokenEmbedding, token, row, add: false);
        if (Weights.PositionEmbedding is { } table)
            Linear.Embed(table, position, row, add: true);
    }

    // Returns where the result is: y, or x itself where the model has no such norm.
    private float* Norm(Activations a, NormWeights? norm, float* x, int tokens, float* y)
    {
        if (norm is null)
            return x;
        new NormRows
        {
            Norm = Config.Norm switch
            {
                NormKind.LayerNorm => &LayerNorm.Apply,
                NormKind.RmsNorm => &RmsNorm.Apply,
            },
            X = x,
            Gain = Vector(norm.Gain),
            Bias = Vector(norm.Bias),
            Y = y,
            Width = Config.EmbeddingDim,
            Epsilon = Config.NormEpsilon,
        }.Run(a.Partition, tokens);
        return y;
    }

    private void WriteAngles(Activations a, int tokens)
    {
        if (_angles is null)
            return;
        int hs = Config.HeadDim;
        for (int t = 0; t < tokens; t++)
        {
            float* cos = a.Angles + (nint)t * 2 * hs;
            _angles.Write(a.Rows[t].Length - 1, new Span<float>(cos, hs), new Span<float>(cos + hs, hs));
        }
    }

    private void Rotate(Activations a, int tokens)
    {
        delegate*<Span<float>, ReadOnlySpan<float>, ReadOnlySpan<float>, void> rotate = Config.Position switch
        {
            PositionKind.Learned => null,
            PositionKind.RotaryPairs => &RotaryPairs.Apply,
            PositionKind.RotaryHalves => &RotaryHalves.Apply,
        };
        if (rotate == null)
            return;
        new RotaryRows
        {
            Rotate = rotate,
            Qkv = a.Qkv,
            Angles = a.Angles,
            QkvDim = Config.QkvDim,
            RotatedDim = Config.AttentionDim + Config.KvHeadCount * Config.HeadDim,
            HeadDim = Config.HeadDim,
        }.Run(a.Partition, tokens);
    }

    private void Expand(BlockWeights block, Activations a, int tokens)
    {
        if (block.MlpGate is not { } gate)
        {
            Linear.Apply(a, block.MlpUp, a.Normed, tokens, a.Hidden, Activation);
            return;
        }
        Linear.Apply(a, block.MlpUp, a.Normed, tokens, a.Gated);
        Linear.Apply(a, gate, a.Normed, tokens, a.Hidden, Activation, factor: a.Gated);
    }

    private delegate*<Span<float>, void> Activation => Config.Activation switch
    {
        ActivationKind.GeluErf => &GeluErf.Apply,
        ActivationKind.GeluTanh => &GeluTanh.Apply,
        ActivationKind.Relu => &Relu.Apply,
        ActivationKind.ReluSquared => &ReluSquared.Apply,
        ActivationKind.Silu => &Silu.Apply,
    };

    private static float* Vector(TensorView? view) => view is { } vector ? (float*)vector.Data : null;

    private void Check(TokenBatch batch, Activations activations)
    {
        if (activations.Config != Config)
            throw new ArgumentException("the activations belong to a model of another config", nameof(activations));
        if ((long)batch.LogitRowCount * Config.VocabSize > int.MaxValue)
            throw new ArgumentException($"{batch.LogitRowCount} rows of logits found, at most {int.MaxValue / Config.VocabSize} fit one span", nameof(batch));
        foreach (int token in CollectionsMarshal.AsSpan(batch.Tokens))
        {
            if ((uint)token >= (uint)Config.VocabSize)
                throw new ArgumentException($"token id {token} found, 0 to {Config.VocabSize - 1} needed", nameof(batch));
        }
        foreach (TokenBatch.Part part in batch.Parts)
        {
            if (!part.Cache.Layout.IsSame(_cacheLayout) || part.Cache.Capacity != Config.ContextLength)
                throw new ArgumentException("a KV cache belongs to a model of another shape", nameof(batch));
            if (part.Cache.KvType != batch.Parts[0].Cache.KvType)
                throw new ArgumentException($"caches of {batch.Parts[0].Cache.KvType.Code()} and {part.Cache.KvType.Code()} found, one type needed", nameof(batch));
            if (part.Count > part.Cache.Capacity - part.Cache.Length)
                throw new ArgumentException($"{part.Cache.Length} + {part.Count} tokens found, at most {part.Cache.Capacity} fit the context", nameof(batch));
        }
    }
}
