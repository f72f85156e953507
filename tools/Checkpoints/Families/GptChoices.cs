using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>What no tensor of a GPT shows, or not alone: it comes from the config, the family or the user.</summary>
internal sealed record GptChoices
{
    public required HeadSplit Heads { get; init; }

    /// <summary>T_max.</summary>
    public required int ContextLength { get; init; }

    public required ActivationKind Activation { get; init; }

    public NormKind Norm { get; init; } = NormKind.LayerNorm;

    public float NormEpsilon { get; init; } = 1e-5f;

    public PositionKind Position { get; init; } = PositionKind.Learned;

    public float RotaryBase { get; init; } = 10_000;
}

/// <summary>How attention's width is cut into heads.</summary>
/// <param name="Count">NH.</param>
/// <param name="KvCount">NKV.</param>
/// <param name="Dim">HS.</param>
internal readonly record struct HeadSplit(int Count, int KvCount, int Dim);
