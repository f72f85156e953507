namespace MyGpt.Runtime.Model;

/// <summary>Which normalisation stands before each sub-layer and after the last block.</summary>
public enum NormKind
{
    /// <summary>Mean and variance over the embedding (Ba et al. 2016, arXiv:1607.06450).</summary>
    LayerNorm,

    /// <summary>Root mean square over the embedding, no mean taken away (Zhang and Sennrich 2019, arXiv:1910.07467).</summary>
    RmsNorm,
}

/// <summary>How a token learns where it stands.</summary>
public enum PositionKind
{
    /// <summary>One learned vector per position, added to the token's embedding.</summary>
    Learned,

    /// <summary>Queries and keys are rotated by their position, elements 2i and 2i + 1 of a head together (Su et al. 2021, arXiv:2104.09864).</summary>
    RotaryPairs,

    /// <summary>The same with elements i and i + HS / 2 together: the order in which Hugging Face stores Llama and its kin.</summary>
    RotaryHalves,
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

    /// <summary>x * sigmoid(x) (Elfwing et al. 2017, arXiv:1702.03118); gated, it is SwiGLU.</summary>
    Silu,
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

    /// <summary>Whether the norms multiply by a learned scale.</summary>
    public bool NormWeight { get; init; } = true;

    /// <summary>Whether the norms add a learned bias.</summary>
    public bool NormBias { get; init; } = true;

    /// <summary>Added to the variance or the mean square; 1e-5 in the checkpoints we know.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;

    /// <summary>Whether a norm stands between the embedding and the first block.</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>Whether a norm stands between the last block and the head.</summary>
    public bool FinalNorm { get; init; } = true;

    /// <summary>How positions enter the model.</summary>
    public PositionKind Position { get; init; } = PositionKind.Learned;

    /// <summary>Rotary positions turn pair i by position * base^(-2i / HS) radians; at least 1. No other positions use it.</summary>
    public float RotaryBase { get; init; } = 10000f;

    /// <summary>Whether the MLP is gated: its hidden is f(x Wgate) * (x Wup), else f(x Wup) (Shazeer 2020, arXiv:2002.05202).</summary>
    public bool GatedMlp { get; init; }

    /// <summary>The MLP's nonlinearity.</summary>
    public required ActivationKind Activation { get; init; }

    /// <summary>Whether the fused query/key/value matrix has a bias.</summary>
    public bool QkvBias { get; init; }

    /// <summary>Whether attention's output projection has a bias.</summary>
    public bool ProjectionBias { get; init; }

    /// <summary>Whether the MLP's first matrix has a bias, and the gate's too.</summary>
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
