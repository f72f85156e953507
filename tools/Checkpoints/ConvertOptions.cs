using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints;

/// <summary>What the caller decides about a conversion; everything left null is read from the checkpoint or follows its family.</summary>
public sealed record ConvertOptions
{
    /// <summary>NH, for checkpoints that do not say it: a bare state dict has only shapes.</summary>
    public int? Heads { get; init; }

    /// <summary>The MLP's nonlinearity, instead of what the checkpoint or its family says.</summary>
    public ActivationKind? Activation { get; init; }

    /// <summary>NKV, for checkpoints whose matrices do not show it.</summary>
    public int? KvHeads { get; init; }

    /// <summary>T_max, for checkpoints that neither say nor show it: rotary positions have no table.</summary>
    public int? ContextLength { get; init; }

    /// <summary>The norm, for checkpoints that do not say it.</summary>
    public NormKind? Norm { get; init; }

    /// <summary>What the norm adds before its root, above 0, instead of what the checkpoint or its family says.</summary>
    public float? NormEpsilon { get; init; }

    /// <summary>Which elements of a head the rotation pairs, for checkpoints with rotary positions that do not say it.</summary>
    public PositionKind? Rotary { get; init; }

    /// <summary>Base of the rotation's frequencies, above 0, for checkpoints with rotary positions that do not say it.</summary>
    public float? RotaryBase { get; init; }

    /// <summary>
    /// A vocabulary file: UTF-8 with one token a line, JSON (an array of strings, a map of tokens and ids, Hugging Face's
    /// <c>tokenizer.json</c>, or <c>vocab.json</c> with <c>merges.txt</c> beside it), or a nanoGPT <c>meta.pkl</c>.
    /// </summary>
    public string? VocabPath { get; init; }

    /// <summary>
    /// Type of the matrices, one of those that <see cref="ElementTypes.IsWeight"/>; null: bf16 for a bf16 checkpoint, else f32. A weights.bin
    /// is converted to a narrower type only, which must be given.
    /// </summary>
    public ElementType? Type { get; init; }

    /// <summary>Whether NaN and infinite weights are written rather than refused.</summary>
    public bool AllowNonFinite { get; init; }

    /// <summary>Whether an existing weights file is replaced.</summary>
    public bool Overwrite { get; init; }
}
