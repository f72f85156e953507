namespace MyGpt.Runtime.Model;

/// <summary>Which normalisation stands before each sub-layer and after the last block.</summary>
public enum NormKind
{
    /// <summary>Mean and variance over the embedding, learned scale, optional bias (Ba et al. 2016, arXiv:1607.06450).</summary>
    LayerNorm,
}

/// <summary>How a token learns where it stands.</summary>
public enum PositionKind
{
    /// <summary>One learned vector per position, added to the token's embedding.</summary>
    Learned,
}

/// <summary>The nonlinearity between the two matrices of the MLP.</summary>
public enum ActivationKind
{
    /// <summary>x * Phi(x) with the error function: PyTorch's <c>nn.GELU()</c> (Hendrycks and Gimpel 2016, arXiv:1606.08415).</summary>
    GeluErf,

    /// <summary>The tanh approximation of GELU that GPT-2 was trained with.</summary>
    GeluTanh,

    /// <summary>max(x, 0).</summary>
    Relu,

    /// <summary>max(x, 0)^2 (So et al. 2021, arXiv:2109.08668).</summary>
    ReluSquared,
}

/// <summary>
/// Sizes and variants of one GPT; never the name of a family. Two checkpoints with the same arithmetic have equal configs.
/// </summary>
/// <remarks>
/// Letters in shape comments: T tokens in this call, T_max context length, C embedding, L layers, NH heads,
/// NKV key/value heads, HS head size, F MLP hidden, V vocabulary.
/// </remarks>
public sealed record GptConfig
{
    /// <summary>V: number of rows of the token embedding, padding rows included.</summary>
    public required int VocabSize { get; init; }

    /// <summary>T_max: the longest sequence the model can attend over.</summary>
    public required int ContextLength { get; init; }

    /// <summary>C: width of the residual stream.</summary>
    public required int EmbeddingDim { get; init; }

    /// <summary>L: number of transformer blocks.</summary>
    public required int LayerCount { get; init; }

    /// <summary>NH: number of query heads.</summary>
    public required int HeadCount { get; init; }

    /// <summary>NKV: number of key/value heads; <see cref="HeadCount"/> is a multiple of it.</summary>
    public required int KvHeadCount { get; init; }

    /// <summary>HS: size of one head, usually C / NH.</summary>
    public required int HeadDim { get; init; }

    /// <summary>F: hidden width of the MLP.</summary>
    public required int MlpDim { get; init; }

    /// <summary>The normalisation used everywhere in the model.</summary>
    public NormKind Norm { get; init; } = NormKind.LayerNorm;

    /// <summary>Whether the norms add a learned bias.</summary>
    public bool NormBias { get; init; } = true;

    /// <summary>Added to the variance; 1e-5 in the checkpoints we know.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>How positions enter the model.</summary>
    public PositionKind Position { get; init; } = PositionKind.Learned;

    /// <summary>The MLP's nonlinearity.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>Whether the fused query/key/value matrix has a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>Whether attention's output projection has a bias.</summary>
    public bool ProjectionBias { get; init; }

    /// <summary>Whether the MLP's first matrix has a bias.</summary>
    public bool MlpUpBias { get; init; }

    /// <summary>Whether the MLP's second matrix has a bias.</summary>
    public bool MlpDownBias { get; init; }

    /// <summary>Whether the LM head is the token embedding.</summary>
    public bool TiedHead { get; init; }

    /// <summary>Whether the LM head has a bias.</summary>
    public bool HeadBias { get; init; }

    /// <summary>Width of the fused query/key/value rows: (NH + 2 NKV) * HS.</summary>
    public int QkvDim => checked((HeadCount + 2 * KvHeadCount) * HeadDim);

    /// <summary>Width of the concatenated heads: NH * HS.</summary>
    public int AttentionDim => checked(HeadCount * HeadDim);

    /// <summary>Checks that every size is positive and within what we accept, and that the sizes fit each other.</summary>
    /// <exception cref="ArgumentException">They do not; the message names the first wrong key as weights.bin's <c>config</c> calls it.</exception>
    public void Validate()
    {
        if (GptConfigLimits.FindProblem(this) is { } problem)
            throw new ArgumentException(problem);
    }
}
