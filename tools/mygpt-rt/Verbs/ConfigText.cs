using System.Globalization;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary>A model's sizes and variants in words.</summary>
internal static class ConfigText
{
    /// <summary>Adds the rows that describe a config to a table of two columns.</summary>
    public static void Add(TextTable table, GptConfig config)
    {
        string heads = $"{config.HeadCount} heads";
        if (config.KvHeadCount != config.HeadCount)
            heads += $" on {config.KvHeadCount} key/value heads";
        table.Add("model", $"{config.LayerCount} layers, {heads} of {config.HeadDim}, width {config.EmbeddingDim}, MLP {config.MlpDim}");
        table.Add("context", $"{Figures.Count(config.ContextLength)} tokens");
        table.Add("vocabulary", $"{Figures.Count(config.VocabSize)} tokens");
        table.Add("variant", string.Join(", ", Variant(config)));
        table.Add("parameters", Figures.Count(ParameterCount(config)));
    }

    /// <summary>Number of parameters; a tied head counts once.</summary>
    public static long ParameterCount(GptConfig config) => TensorSpec.For(config).Sum(spec => (long)spec.Rows * spec.Columns);

    private static IEnumerable<string> Variant(GptConfig config)
    {
        string norm = config.Norm switch
        {
            NormKind.LayerNorm => "LayerNorm",
            NormKind.RmsNorm => "RMSNorm",
        };
        string epsilon = config.NormEpsilon.ToString("0.0e-0", CultureInfo.InvariantCulture);
        string learned = (config.NormWeight, config.NormBias) switch
        {
            (true, true) => "with bias",
            (true, false) => "without bias",
            (false, true) => "without weight, with bias",
            (false, false) => "without weight",
        };
        yield return $"{norm} {learned}, epsilon {epsilon}";
        if (config.EmbeddingNorm)
            yield return "a norm after the embedding";
        if (!config.FinalNorm)
            yield return "no final norm";
        string activation = config.Activation switch
        {
            ActivationKind.GeluErf => "GELU (erf)",
            ActivationKind.GeluTanh => "GELU (tanh)",
            ActivationKind.Relu => "ReLU",
            ActivationKind.ReluSquared => "squared ReLU",
            ActivationKind.Silu => "SiLU",
        };
        yield return config.GatedMlp ? $"{activation} with a gate" : activation;
        string rotaryBase = config.RotaryBase.ToString(CultureInfo.InvariantCulture);
        yield return config.Position switch
        {
            PositionKind.Learned => "learned positions",
            PositionKind.RotaryPairs => $"rotary positions in pairs, base {rotaryBase}",
            PositionKind.RotaryHalves => $"rotary positions in halves, base {rotaryBase}",
        };
        (string Name, bool Has)[] biases =
        [
            ("qkv", config.QkvBias),
            ("projection", config.ProjectionBias),
            ("MLP up", config.MlpUpBias),
            ("MLP down", config.MlpDownBias),
            ("head", config.HeadBias),
        ];
        string[] with = [.. biases.Where(bias => bias.Has).Select(bias => bias.Name)];
        yield return with.Length == 0 ? "no biases" : $"biases on {string.Join(", ", with)}";
        yield return config.TiedHead ? "tied head" : "untied head";
    }
}
