using System.Globalization;

namespace MyGpt.Runtime.Model;

/// <summary>The largest sizes we accept. Above every model we know, and low enough that no product of two overflows a long.</summary>
internal static class GptConfigLimits
{
    public const int VocabSize = 1 << 24;
    public const int ContextLength = 1 << 20;
    public const int LayerCount = 1 << 12;

    /// <summary>A gate is two more tensors a layer: with half the layers, the list of all tensors still fits the header of weights.bin.</summary>
    public const int GatedLayerCount = LayerCount / 2;

    /// <summary>For C, F, HS, NH and NH * HS; the fused query/key/value rows then stay below three times this.</summary>
    public const int Width = 1 << 17;

    /// <summary>The first rule that a config breaks, on one line, or null.</summary>
    public static string? FindProblem(GptConfig config) =>
        Range("vocab_size", config.VocabSize, VocabSize)
        ?? Range("context_length", config.ContextLength, ContextLength)
        ?? Range("embedding_dim", config.EmbeddingDim, Width)
        ?? Range("layer_count", config.LayerCount, config.GatedMlp ? GatedLayerCount : LayerCount)
        ?? Range("head_count", config.HeadCount, Width)
        ?? Range("kv_head_count", config.KvHeadCount, config.HeadCount)
        ?? Range("head_dim", config.HeadDim, Width)
        ?? Range("mlp_dim", config.MlpDim, Width)
        ?? Range("head_count * head_dim", (long)config.HeadCount * config.HeadDim, Width)
        ?? (config.HeadCount % config.KvHeadCount == 0
            ? null
            : Invariant($"head_count: {config.HeadCount} found, a multiple of kv_head_count {config.KvHeadCount} needed"))
        ?? (float.IsFinite(config.NormEpsilon) && config.NormEpsilon > 0
            ? null
            : Invariant($"norm_epsilon: {config.NormEpsilon} found, a finite number above 0 needed"))
        ?? (float.IsFinite(config.RotaryBase) && config.RotaryBase >= 1
            ? null
            : Invariant($"rotary_base: {config.RotaryBase} found, a finite number of 1 or more needed"))
        ?? Member("norm", config.Norm)
        ?? Member("position", config.Position)
        ?? Member("activation", config.Activation)
        ?? (config.Position == PositionKind.Learned || config.HeadDim % 2 == 0
            ? null
            : Invariant($"head_dim: {config.HeadDim} found, an even number needed for rotary positions"));

    private static string? Range(string name, long value, int largest) =>
        value >= 1 && value <= largest ? null : Invariant($"{name}: {value} found, 1 to {largest} needed");

    private static string? Member<T>(string name, T value)
        where T : struct, Enum =>
        Enum.IsDefined(value) ? null : $"{name}: {value} is none of {string.Join(", ", Enum.GetNames<T>())}";

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
