using System.Globalization;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The fields of configs that change a model's arithmetic without changing a tensor. Each is refused by name when it has a value that is
/// not run here; with the value that is, or nothing, it says no more than is done anyway.
/// </summary>
internal static class ConfigVariants
{
    private const string Yes = "True", No = "False", Nothing = "None", One = "1", Before = "'pre'";

    // Where norms stand, by what people and transformers' configs call it.
    private static readonly string[] PreNorm = ["norm_first", "pre_norm", "prenorm", "pre_ln", "use_pre_norm", "normalize_before", "do_layer_norm_before"];

    private static readonly string[] NormPlace = ["norm_position", "norm_placement", "layernorm_position"];

    private static readonly (string[] Fields, string Needed, Func<Value, bool> IsRun)[] Table =
    [
        (PreNorm, Yes, IsTrue),
        (NormPlace, Before, static value => value is TextValue { Value: "pre" or "before" or "first" or "pre_norm" or "pre_ln" or "prenorm" }),
        (["post_norm", "postnorm", "post_ln", "use_post_norm", "sandwich_norm", "apply_residual_connection_post_layernorm"], No, IsFalse),
        (["parallel_residual", "use_parallel_residual", "parallel_attn", "parallel_attention", "parallel_block", "parallel_blocks"], No, IsFalse),
        (["causal", "is_causal"], Yes, IsTrue),
        (["bidirectional", "add_cross_attention", "cross_attention"], No, IsFalse),
        (["alibi", "use_alibi", "relative_attention", "use_relative_position"], No, IsFalse),
        (["qk_norm", "use_qk_norm", "qk_layernorm", "use_qk_layernorm", "qk_layer_norm"], No, IsFalse),
        (["scale_attn_weights"], Yes, IsTrue),
        (["scale_attn_by_inverse_layer_idx"], No, IsFalse),
        (
            ["attention_scale", "attn_scale", "softmax_scale", "attention_multiplier", "query_pre_attn_scalar", "qk_scale", "attn_temperature"],
            Nothing, static _ => false
        ),
        (
            ["embed_scale", "embedding_scale", "emb_scale", "scale_embeddings", "scale_embedding", "scale_embed", "scale_emb", "embedding_multiplier"],
            One, IsUnscaled
        ),
        (["residual_scale", "residual_multiplier", "logit_scale", "logits_scale", "logits_scaling", "output_multiplier"], One, IsUnscaled),
        (
            ["logit_softcap", "logits_softcap", "logit_soft_cap", "logits_soft_cap", "softcap", "soft_cap", "attn_softcap", "attn_logit_softcapping",
                "final_logit_softcapping"],
            Nothing, IsOff
        ),
        (["sliding_window", "sliding_window_size", "attention_window", "local_attention_window"], Nothing, IsOff),
        (["rope_scaling"], Nothing, IsOff),
        (["partial_rotary_factor", "rotary_pct", "rotary_percentage", "rope_pct", "rope_percentage"], One, IsOne),
    ];

    /// <summary>Every field, in no order.</summary>
    public static IReadOnlySet<string> Fields { get; } = Table.SelectMany(static row => row.Fields).ToHashSet(StringComparer.Ordinal);

    /// <summary>Refuses what is not run here in every config that a checkpoint has, whichever of them a family reads.</summary>
    /// <param name="checkpoint">The checkpoint.</param>
    /// <exception cref="CheckpointException">A field has such a value; the message names both.</exception>
    public static void Refuse(Checkpoint checkpoint)
    {
        foreach ((DictValue config, string key) in CheckpointConfig.All(checkpoint))
            Refuse(config, key.Length > 0 ? key : "the checkpoint");
    }

    /// <summary>The same for one config.</summary>
    /// <param name="config">Names and values.</param>
    /// <param name="what">What the checkpoint calls it.</param>
    public static void Refuse(DictValue config, string what)
    {
        foreach ((string[] fields, string needed, Func<Value, bool> isRun) in Table)
        {
            foreach (string field in fields)
            {
                if (config.TryGet(field, out Value? value) && value is not NoneValue && !isRun(value))
                    throw new CheckpointException($"{what} says {field} {Show(value)}, a variant that is not run here; {needed} was needed");
            }
        }
    }

    /// <summary>The field that says that norms stand before the sub-layers; of a checkpoint that <see cref="Refuse(Checkpoint)"/> let pass.</summary>
    /// <returns>Null when none does.</returns>
    public static string? SaysPreNorm(Checkpoint checkpoint) => CheckpointConfig.All(checkpoint)
        .SelectMany(static item => PreNorm.Concat(NormPlace).Where(field => item.Config.TryGet(field, out Value? value) && value is not NoneValue))
        .FirstOrDefault();

    private static bool IsTrue(Value value) => value is BoolValue { Value: true };

    private static bool IsFalse(Value value) => value is BoolValue { Value: false };

    private static bool IsOne(Value value) => value is IntegerValue { Value: 1 } or RealValue { Value: 1 };

    private static bool IsUnscaled(Value value) => IsOne(value) || IsFalse(value);

    private static bool IsOff(Value value) => value is IntegerValue { Value: 0 } or RealValue { Value: 0 } || IsFalse(value);

    private static string Show(Value value) => value switch
    {
        BoolValue flag => $"= {flag.Value}",
        IntegerValue integer => string.Create(CultureInfo.InvariantCulture, $"= {integer.Value}"),
        RealValue real => string.Create(CultureInfo.InvariantCulture, $"= {real.Value}"),
        TextValue text => $"= {Printable.Quote(text.Value)}",
        _ => $"is {value.Kind}",
    };
}
