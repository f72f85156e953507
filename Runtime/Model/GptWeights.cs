using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary>All tensors of one model, as views of the mapped file. Matrices are (out, in); a bias the model does not have is null.</summary>
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
        FinalNorm = new NormWeights(all["final_norm.weight"], Find("final_norm.bias"));
        Head = new LinearWeights(config.TiedHead ? TokenEmbedding : all["head.weight"], Find("head.bias"));
    }

    /// <summary>The sizes and variants that the tensors have.</summary>
    public GptConfig Config { get; }

    /// <summary>Token embedding, (V, C).</summary>
    public TensorView TokenEmbedding { get; }

    /// <summary>Position embedding, (T_max, C).</summary>
    public TensorView? PositionEmbedding { get; }

    /// <summary>Transformer blocks, (L).</summary>
    public IReadOnlyList<BlockWeights> Blocks { get; }

    /// <summary>Norm after the last block, (C).</summary>
    public NormWeights FinalNorm { get; }

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

/// <summary>A learned norm.</summary>
/// <param name="Gain">Scale, (C).</param>
/// <param name="Bias">Shift, (C), or null.</param>
public sealed record NormWeights(TensorView Gain, TensorView? Bias);

/// <summary>A linear layer: y = x W^T + bias.</summary>
/// <param name="Matrix">W, (out, in).</param>
/// <param name="Bias">Bias, (out), or null.</param>
public sealed record LinearWeights(TensorView Matrix, TensorView? Bias);

/// <summary>The tensors of one transformer block.</summary>
public sealed class BlockWeights
{
    internal BlockWeights(Func<string, TensorView?> tensor)
    {
        AttentionNorm = new NormWeights(tensor("attention_norm.weight")!.Value, tensor("attention_norm.bias"));
        Qkv = Linear("attention.qkv");
        Projection = Linear("attention.projection");
        MlpNorm = new NormWeights(tensor("mlp_norm.weight")!.Value, tensor("mlp_norm.bias"));
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

    /// <summary>The MLP's first matrix, (F, C).</summary>
    public LinearWeights MlpUp { get; }

    /// <summary>The MLP's second matrix, (C, F).</summary>
    public LinearWeights MlpDown { get; }
}
