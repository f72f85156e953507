namespace MyGpt.Runtime.Model;

/// <summary>One tensor that a model of a given <see cref="GptConfig"/> consists of.</summary>
/// <param name="Name">Its name in weights.bin, such as <c>blocks.3.mlp.up.weight</c>.</param>
/// <param name="Rows">Output features for a matrix, 1 for a vector.</param>
/// <param name="Columns">Input features for a matrix, the length for a vector.</param>
/// <param name="IsMatrix">Matrices may be stored in a narrow type; vectors (norms, biases) are always float32.</param>
public readonly record struct TensorSpec(string Name, int Rows, int Columns, bool IsMatrix)
{
    /// <summary>Every tensor of a model, in the order in which weights.bin stores them.</summary>
    /// <param name="config">The model's sizes and variants.</param>
    /// <returns>Names and shapes; matrices are (out, in).</returns>
    public static IEnumerable<TensorSpec> For(GptConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        int c = config.EmbeddingDim;
        yield return Matrix("token_embedding", config.VocabSize, c);
        if (config.Position == PositionKind.Learned)
            yield return Matrix("position_embedding", config.ContextLength, c);
        if (config.EmbeddingNorm)
        {
            foreach (TensorSpec spec in Norm("embedding_norm", config))
                yield return spec;
        }
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            string block = $"blocks.{layer}.";
            foreach (TensorSpec spec in Norm(block + "attention_norm", config))
                yield return spec;
            yield return Matrix(block + "attention.qkv.weight", config.QkvDim, c);
            if (config.QkvBias)
                yield return Vector(block + "attention.qkv.bias", config.QkvDim);
            yield return Matrix(block + "attention.projection.weight", c, config.AttentionDim);
            if (config.ProjectionBias)
                yield return Vector(block + "attention.projection.bias", c);
            foreach (TensorSpec spec in Norm(block + "mlp_norm", config))
                yield return spec;
            if (config.GatedMlp)
                yield return Matrix(block + "mlp.gate.weight", config.MlpDim, c);
            if (config.GatedMlp && config.MlpUpBias)
                yield return Vector(block + "mlp.gate.bias", config.MlpDim);
            yield return Matrix(block + "mlp.up.weight", config.MlpDim, c);
            if (config.MlpUpBias)
                yield return Vector(block + "mlp.up.bias", config.MlpDim);
            yield return Matrix(block + "mlp.down.weight", c, config.MlpDim);
            if (config.MlpDownBias)
                yield return Vector(block + "mlp.down.bias", c);
        }
        if (config.FinalNorm)
        {
            foreach (TensorSpec spec in Norm("final_norm", config))
                yield return spec;
        }
        if (!config.TiedHead)
            yield return Matrix("head.weight", config.VocabSize, c);
        if (config.HeadBias)
            yield return Vector("head.bias", config.VocabSize);
    }

    private static IEnumerable<TensorSpec> Norm(string name, GptConfig config)
    {
        if (config.NormWeight)
            yield return Vector(name + ".weight", config.EmbeddingDim);
        if (config.NormBias)
            yield return Vector(name + ".bias", config.EmbeddingDim);
    }

    private static TensorSpec Matrix(string name, int rows, int columns) => new(name, rows, columns, IsMatrix: true);

    private static TensorSpec Vector(string name, int length) => new(name, 1, length, IsMatrix: false);
}
