using System.Text.Json;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Model;

/// <summary><see cref="GptConfig"/> as the <c>config</c> object of weights.bin: every key is written, no unknown one accepted.</summary>
/// <remarks>
/// The keys of the first variants are needed. A key that a later variant added is optional when it is read, and its absence means
/// what the runtime did before it: older files stay readable, and an older runtime refuses, by name, the key that it does not know.
/// </remarks>
public static class GptConfigJson
{
    private static readonly string[] Keys =
    [
        "vocab_size", "context_length", "embedding_dim", "layer_count", "head_count", "kv_head_count", "head_dim", "mlp_dim",
        "norm", "norm_weight", "norm_bias", "norm_epsilon", "embedding_norm", "final_norm", "position", "rotary_base", "activation", "mlp_gated",
        "qkv_bias", "projection_bias", "mlp_up_bias", "mlp_down_bias", "tied_head", "head_bias",
    ];

    /// <summary>Writes it.</summary>
    /// <param name="config">Sizes and variants.</param>
    public static JsonObject Write(GptConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return new JsonObject
        {
            ["vocab_size"] = config.VocabSize,
            ["context_length"] = config.ContextLength,
            ["embedding_dim"] = config.EmbeddingDim,
            ["layer_count"] = config.LayerCount,
            ["head_count"] = config.HeadCount,
            ["kv_head_count"] = config.KvHeadCount,
            ["head_dim"] = config.HeadDim,
            ["mlp_dim"] = config.MlpDim,
            ["norm"] = Code(config.Norm),
            ["norm_weight"] = config.NormWeight,
            ["norm_bias"] = config.NormBias,
            ["norm_epsilon"] = config.NormEpsilon,
            ["embedding_norm"] = config.EmbeddingNorm,
            ["final_norm"] = config.FinalNorm,
            ["position"] = Code(config.Position),
            ["rotary_base"] = config.RotaryBase,
            ["activation"] = Code(config.Activation),
            ["mlp_gated"] = config.GatedMlp,
            ["qkv_bias"] = config.QkvBias,
            ["projection_bias"] = config.ProjectionBias,
            ["mlp_up_bias"] = config.MlpUpBias,
            ["mlp_down_bias"] = config.MlpDownBias,
            ["tied_head"] = config.TiedHead,
            ["head_bias"] = config.HeadBias,
        };
    }

    /// <summary>Reads and validates.</summary>
    /// <param name="file">The file's name, for messages.</param>
    /// <param name="config">The header's <c>config</c>.</param>
    /// <exception cref="WeightsFormatException">A key is missing, unknown, of the wrong type or range, or contradicts another.</exception>
    internal static GptConfig Read(string file, JsonElement config)
    {
        HeaderObject json = new(file, "header.config", config, Keys);
        GptConfig result = new()
        {
            VocabSize = Size(json, "vocab_size"),
            ContextLength = Size(json, "context_length"),
            EmbeddingDim = Size(json, "embedding_dim"),
            LayerCount = Size(json, "layer_count"),
            HeadCount = Size(json, "head_count"),
            KvHeadCount = Size(json, "kv_head_count"),
            HeadDim = Size(json, "head_dim"),
            MlpDim = Size(json, "mlp_dim"),
            Norm = json.Code<NormKind>("norm", Code),
            NormWeight = json.Boolean("norm_weight", absent: true),
            NormBias = json.Boolean("norm_bias"),
            NormEpsilon = json.Single("norm_epsilon"),
            EmbeddingNorm = json.Boolean("embedding_norm", absent: false),
            FinalNorm = json.Boolean("final_norm", absent: true),
            Position = json.Code<PositionKind>("position", Code),
            RotaryBase = json.Single("rotary_base", absent: 10000f),
            Activation = json.Code<ActivationKind>("activation", Code),
            GatedMlp = json.Boolean("mlp_gated", absent: false),
            QkvBias = json.Boolean("qkv_bias"),
            ProjectionBias = json.Boolean("projection_bias"),
            MlpUpBias = json.Boolean("mlp_up_bias"),
            MlpDownBias = json.Boolean("mlp_down_bias"),
            TiedHead = json.Boolean("tied_head"),
            HeadBias = json.Boolean("head_bias"),
        };
        return GptConfigLimits.FindProblem(result) is { } problem ? throw FormatError.Create(file, json.Part, problem) : result;
    }

    private static int Size(HeaderObject json, string key) => (int)json.Integer(key, 1, int.MaxValue);

    private static string Code(NormKind norm) => norm switch
    {
        NormKind.LayerNorm => "layer_norm",
        NormKind.RmsNorm => "rms_norm",
    };

    private static string Code(PositionKind position) => position switch
    {
        PositionKind.Learned => "learned",
        PositionKind.RotaryPairs => "rotary_pairs",
        PositionKind.RotaryHalves => "rotary_halves",
    };

    private static string Code(ActivationKind activation) => activation switch
    {
        ActivationKind.GeluErf => "gelu_erf",
        ActivationKind.GeluTanh => "gelu_tanh",
        ActivationKind.Relu => "relu",
        ActivationKind.ReluSquared => "relu_squared",
        ActivationKind.Silu => "silu",
    };
}
