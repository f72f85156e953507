using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>What the tensors alone say about a GPT: every size and variant but those of <see cref="GptChoices"/>.</summary>
internal sealed record AssembledGpt
{
    public required int VocabSize { get; init; }

    public required int EmbeddingDim { get; init; }

    public required int LayerCount { get; init; }

    /// <summary>NH * HS.</summary>
    public required int AttentionDim { get; init; }

    /// <summary>NKV * HS.</summary>
    public required int KvDim { get; init; }

    /// <summary>NH where the checkpoint has a matrix for each head.</summary>
    public int? HeadCount { get; init; }

    public required int MlpDim { get; init; }

    public bool GatedMlp { get; init; }

    /// <summary>T_max by the position embedding, null when there is none.</summary>
    public int? PositionCount { get; init; }

    public required bool NormWeight { get; init; }

    public required bool NormBias { get; init; }

    public bool EmbeddingNorm { get; init; }

    public bool FinalNorm { get; init; }

    public required bool QkvBias { get; init; }

    public required bool ProjectionBias { get; init; }

    public required bool MlpUpBias { get; init; }

    public required bool MlpDownBias { get; init; }

    public bool TiedHead { get; init; }

    /// <summary>Whether the checkpoint has a matrix for the head, be it the token embedding under a second name.</summary>
    public bool HasHead { get; init; }

    public bool HeadBias { get; init; }

    /// <summary>What the masks and tables beside the weights say.</summary>
    public BufferFindings Buffers { get; init; } = new();

    /// <summary>Where each tensor of weights.bin comes from.</summary>
    public required IReadOnlyDictionary<string, TensorSource> Sources { get; init; }

    /// <summary>The whole config.</summary>
    /// <param name="choices">What the tensors do not say.</param>
    public GptConfig ToConfig(GptChoices choices) => new()
    {
        VocabSize = VocabSize,
        ContextLength = choices.ContextLength,
        EmbeddingDim = EmbeddingDim,
        LayerCount = LayerCount,
        HeadCount = choices.Heads.Count,
        KvHeadCount = choices.Heads.KvCount,
        HeadDim = choices.Heads.Dim,
        MlpDim = MlpDim,
        GatedMlp = GatedMlp,
        Norm = choices.Norm,
        NormWeight = NormWeight,
        NormBias = NormBias,
        NormEpsilon = choices.NormEpsilon,
        EmbeddingNorm = EmbeddingNorm,
        FinalNorm = FinalNorm,
        Position = choices.Position,
        RotaryBase = choices.RotaryBase,
        Activation = choices.Activation,
        QkvBias = QkvBias,
        ProjectionBias = ProjectionBias,
        MlpUpBias = MlpUpBias,
        MlpDownBias = MlpDownBias,
        TiedHead = TiedHead,
        HeadBias = HeadBias,
    };
}
