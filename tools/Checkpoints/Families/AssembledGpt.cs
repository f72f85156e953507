using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>What the tensors alone say about a GPT: every size and variant but the number of heads and the activation.</summary>
internal sealed record AssembledGpt
{
    public required int VocabSize { get; init; }

    public required int ContextLength { get; init; }

    public required int EmbeddingDim { get; init; }

    public required int LayerCount { get; init; }

    public required int MlpDim { get; init; }

    public required bool NormBias { get; init; }

    public required bool QkvBias { get; init; }

    public required bool ProjectionBias { get; init; }

    public required bool MlpUpBias { get; init; }

    public required bool MlpDownBias { get; init; }

    public bool TiedHead { get; init; }

    public bool HeadBias { get; init; }

    /// <summary>Where each tensor of weights.bin comes from.</summary>
    public required IReadOnlyDictionary<string, TensorSource> Sources { get; init; }

    /// <summary>The whole config.</summary>
    /// <param name="heads">NH; <see cref="EmbeddingDim"/> is a multiple of it.</param>
    /// <param name="activation">The MLP's nonlinearity.</param>
    /// <param name="normEpsilon">Added to the variance.</param>
    public GptConfig ToConfig(int heads, ActivationKind activation, float normEpsilon = 1e-5f) => new()
    {
        VocabSize = VocabSize,
        ContextLength = ContextLength,
        EmbeddingDim = EmbeddingDim,
        LayerCount = LayerCount,
        HeadCount = heads,
        KvHeadCount = heads,
        HeadDim = EmbeddingDim / heads,
        MlpDim = MlpDim,
        NormBias = NormBias,
        NormEpsilon = normEpsilon,
        Activation = activation,
        QkvBias = QkvBias,
        ProjectionBias = ProjectionBias,
        MlpUpBias = MlpUpBias,
        MlpDownBias = MlpDownBias,
        TiedHead = TiedHead,
        HeadBias = HeadBias,
    };
}
