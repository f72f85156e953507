using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>All tensors of one model, as views of the mapped file. Matrices are (out, in); a tensor that the model does not have is null.</summary>
public sealed class GptWeights
{
    private GptWeights(GptConfig config, Func<TensorSpec, TensorView> tensor)
    {
        Config = config;
        Dictionary<string, TensorView> all = [];
        foreach (TensorSpec spec in TensorSpec.For(config))
        {
            TensorView view = tensor(spec);
            if (view.Rows != spec.Rows || view.Columns != spec.Columns)
                throw new ArgumentException($"tensor '{spec.Name}': ({view.Rows}, {view.Columns}) found, ({spec.Rows}, {spec.Columns}) needed");
            if (!spec.IsMatrix && view.Type != ElementType.F32)
                throw new ArgumentException($"tensor '{spec.Name}': {view.Type} found, F32 needed");
            all.Add(spec.Name, view);
        }
        TensorView? Find(string name) => all.TryGetValue(name, out TensorView view) ? view : null;

        TokenEmbedding = all["token_embedding"];
        PositionEmbedding = Find("position_embedding");
        Blocks = [.. Enumerable.Range(0, config.LayerCount).Select(layer => new BlockWeights(name => Find($"blocks.{layer}.{name}")))];
        EmbeddingNorm = config.EmbeddingNorm ? NormWeights.Of("embedding_norm", Find) : null;
        FinalNorm = config.FinalNorm ? NormWeights.Of("final_norm", Find) : null;
        Head = new LinearWeights(config.TiedHead ? TokenEmbedding : all["head.weight"], Find("head.bias"));
    }

    /// <summary>The sizes and variants that the tensors have.</summary>
    public GptConfig Config { get; }

    /// <summary>Token embedding, (V, C).</summary>
    public TensorView TokenEmbedding { get; }

    /// <summary>Position embedding, (T_max, C).</summary>
    public TensorView? PositionEmbedding { get; }

    /// <summary>Norm over the sum of the embeddings, (C); null where there is none.</summary>
    public NormWeights? EmbeddingNorm { get; }

    /// <summary>Transformer blocks, (L).</summary>
    public IReadOnlyList<BlockWeights> Blocks { get; }

    /// <summary>Norm after the last block, (C); null where there is none.</summary>
    public NormWeights? FinalNorm { get; }

    /// <summary>LM head, (V, C): the token embedding itself when tied.</summary>
    public LinearWeights Head { get; }

    /// <summary>Collects a model's tensors.</summary>
    /// <param name="config">Says which tensors there are and their shapes.</param>
    /// <param name="tensor">Finds one.</param>
    /// <returns>The weights; views are valid as long as what <paramref name="tensor"/> returned.</returns>
    /// <exception cref="ArgumentException">A tensor has another shape or type than the config says.</exception>
    public static GptWeights Load(GptConfig config, Func<TensorSpec, TensorView> tensor)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tensor);
        return new GptWeights(config, tensor);
    }
}

/// <summary>What a norm has learned; a norm without tensors is still a norm.</summary>
/// <param name="Gain">Scale, (C), or null.</param>
/// <param name="Bias">Shift, (C), or null.</param>
public sealed record NormWeights(TensorView? Gain, TensorView? Bias)
{
    internal static NormWeights Of(string name, Func<string, TensorView?> tensor) => new(tensor(name + ".weight"), tensor(name + ".bias"));
}

/// <summary>A linear layer: y = x W^T + bias.</summary>
/// <param name="Matrix">W, (out, in).</param>
/// <param name="Bias">Bias, (out), or null.</param>
public sealed record LinearWeights(TensorView Matrix, TensorView? Bias);

/// <summary>The tensors of one transformer block.</summary>
public sealed class BlockWeights
{
    internal BlockWeights(Func<string, TensorView?> tensor)
    {
        AttentionNorm = NormWeights.Of("attention_norm", tensor);
        Qkv = Linear("attention.qkv");
        Projection = Linear("attention.projection");
        MlpNorm = NormWeights.Of("mlp_norm", tensor);
        MlpGate = tensor("mlp.gate.weight") is { } gate ? new LinearWeights(gate, tensor("mlp.gate.bias")) : null;
        MlpUp = Linear("mlp.up");
        MlpDown = Linear("mlp.down");

        LinearWeights Linear(string name) => new(tensor(name + ".weight")!.Value, tensor(name + ".bias"));
    }

    /// <summary>Norm before attention, (C).</summary>
    public NormWeights AttentionNorm { get; }

    /// <summary>Queries, keys and values in one matrix, ((NH + 2 NKV) * HS, C).</summary>
    public LinearWeights Qkv { get; }

    /// <summary>Attention's output projection, (C, NH * HS).</summary>
    public LinearWeights Projection { get; }

    /// <summary>Norm before the MLP, (C).</summary>
    public NormWeights MlpNorm { get; }

    /// <summary>The matrix whose activated output multiplies that of <see cref="MlpUp"/>, (F, C); null for a plain MLP.</summary>
    public LinearWeights? MlpGate { get; }

    /// <summary>The MLP's first matrix, (F, C).</summary>
    public LinearWeights MlpUp { get; }

    /// <summary>The MLP's second matrix, (C, F).</summary>
    public LinearWeights MlpDown { get; }
}
