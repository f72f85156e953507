namespace MyGpt.Runtime.Model;

/// <summary>One observable operation that a model of a given <see cref="GptConfig"/> computes.</summary>
/// <param name="Operation">Which one.</param>
/// <param name="Layer">The block it belongs to, from 0; null outside of blocks.</param>
/// <param name="Width">Values it gives for each token.</param>
public readonly record struct OperationSpec(ForwardOperation Operation, int? Layer, int Width)
{
    /// <summary>Its name, such as <c>blocks.3.mlp_norm</c> or <c>logits</c>.</summary>
    public string Name
    {
        get
        {
            string name = Operation switch
            {
                ForwardOperation.Embedding => "embedding",
                ForwardOperation.EmbeddingNorm => "embedding_norm",
                ForwardOperation.AttentionNorm => "attention_norm",
                ForwardOperation.Qkv => "qkv",
                ForwardOperation.Attention => "attention",
                ForwardOperation.AttentionResidual => "attention_residual",
                ForwardOperation.MlpNorm => "mlp_norm",
                ForwardOperation.MlpHidden => "mlp_hidden",
                ForwardOperation.MlpResidual => "mlp_residual",
                ForwardOperation.FinalNorm => "final_norm",
                ForwardOperation.Logits => "logits",
            };
            return Layer is { } layer ? $"blocks.{layer}.{name}" : name;
        }
    }

    /// <summary>Every observable operation of a model, in the order of computation; a norm that the model has not is left out.</summary>
    /// <param name="config">The model's sizes and variants.</param>
    public static IEnumerable<OperationSpec> For(GptConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        yield return Of(config, ForwardOperation.Embedding, layer: null);
        if (config.EmbeddingNorm)
            yield return Of(config, ForwardOperation.EmbeddingNorm, layer: null);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            for (ForwardOperation operation = ForwardOperation.AttentionNorm; operation <= ForwardOperation.MlpResidual; operation++)
                yield return Of(config, operation, layer);
        }
        if (config.FinalNorm)
            yield return Of(config, ForwardOperation.FinalNorm, layer: null);
        yield return Of(config, ForwardOperation.Logits, layer: null);
    }

    /// <summary>One operation of a model.</summary>
    internal static OperationSpec Of(GptConfig config, ForwardOperation operation, int? layer) => new(operation, layer, operation switch
    {
        ForwardOperation.Embedding or ForwardOperation.EmbeddingNorm or ForwardOperation.AttentionNorm or ForwardOperation.AttentionResidual
            or ForwardOperation.MlpNorm or ForwardOperation.MlpResidual or ForwardOperation.FinalNorm => config.EmbeddingDim,
        ForwardOperation.Qkv => config.QkvDim,
        ForwardOperation.Attention => config.AttentionDim,
        ForwardOperation.MlpHidden => config.MlpDim,
        ForwardOperation.Logits => config.VocabSize,
    });
}
