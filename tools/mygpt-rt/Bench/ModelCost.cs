using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>What a token costs by the model's shape: the bytes that decoding must read and the operations that prefill must do.</summary>
internal static class ModelCost
{
    /// <summary>
    /// Bytes of weight rows that one decoded token reads: every matrix of the blocks and the head. The embedding is a look-up of
    /// one row and the KV cache is not a weight; neither counts.
    /// </summary>
    public static long BytesPerToken(ModelFile model)
    {
        Dictionary<string, long> lengths = model.File.Sections.ToDictionary(section => section.Name, section => section.Length);
        GptConfig config = model.Description.Config;
        return TensorSpec.For(config).Where(spec => IsMultiplied(spec, config)).Sum(spec => lengths[spec.Name]);
    }

    /// <summary>The type of the matrices; where they differ, the one of the most bytes.</summary>
    public static ElementType MatrixType(ModelFile model)
    {
        HashSet<string> matrices = [.. TensorSpec.For(model.Description.Config).Where(spec => spec.IsMatrix).Select(spec => spec.Name)];
        return model.File.Sections.Where(section => matrices.Contains(section.Name))
            .GroupBy(section => section.Type).MaxBy(group => group.Sum(section => section.Length))!.Key;
    }

    /// <summary>Floating-point operations per token of a prefill with the logits of the last position only.</summary>
    /// <remarks>
    /// Two per weight and token in the blocks, the head once, and attention's two products over all earlier positions:
    /// (2 M T + 2 V C + 4 NH HS L T (T + 1) / 2) / T with M weights in the blocks' matrices.
    /// </remarks>
    public static double PrefillFlopsPerToken(GptConfig config, int tokens)
    {
        double blocks = TensorSpec.For(config).Where(spec => spec.IsMatrix && spec.Name.StartsWith("blocks.", StringComparison.Ordinal))
            .Sum(spec => (double)spec.Rows * spec.Columns);
        double head = 2.0 * config.VocabSize * config.EmbeddingDim;
        double attention = 4.0 * config.AttentionDim * config.LayerCount * tokens * (tokens + 1) / 2;
        return ((2 * blocks * tokens) + head + attention) / tokens;
    }

    private static bool IsMultiplied(TensorSpec spec, GptConfig config) => spec.Name switch
    {
        "token_embedding" => config.TiedHead,
        "position_embedding" => false,
        _ => spec.IsMatrix,
    };
}
