using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>Small models that differ in everything a kernel can see; every context is longer than a page of the cache, which is 64 positions.</summary>
internal static class Architectures
{
    /// <summary>T_max of all of them.</summary>
    public const int ContextLength = 70;

    // No size but wide's is a multiple of the eight lanes or of a block of 32.
    private static readonly GptConfig Base = new()
    {
        VocabSize = 53,
        ContextLength = ContextLength,
        EmbeddingDim = 51,
        LayerCount = 2,
        HeadCount = 3,
        KvHeadCount = 3,
        HeadDim = 17,
        MlpDim = 70,
        Activation = ActivationKind.GeluTanh,
    };

    /// <summary>The models by name.</summary>
    public static IReadOnlyDictionary<string, GptConfig> All { get; } = new Dictionary<string, GptConfig>
    {
        ["gpt2"] = Base with { QkvBias = true, ProjectionBias = true, MlpUpBias = true, MlpDownBias = true, TiedHead = true },
        ["llama"] = Base with
        {
            Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryHalves, EmbeddingDim = 42, HeadCount = 4, KvHeadCount = 2,
            HeadDim = 12, MlpDim = 75, Activation = ActivationKind.Silu, GatedMlp = true,
        },
        ["mygpt"] = Base with
        {
            Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryPairs, EmbeddingDim = 10, HeadCount = 5, KvHeadCount = 1,
            HeadDim = 2, MlpDim = 37, Activation = ActivationKind.GeluErf, HeadBias = true,
        },
        ["microgpt"] = Base with
        {
            Norm = NormKind.RmsNorm, NormWeight = false, NormBias = false, EmbeddingNorm = true, FinalNorm = false, EmbeddingDim = 18, HeadCount = 2,
            KvHeadCount = 2, HeadDim = 9, LayerCount = 1, Activation = ActivationKind.ReluSquared,
        },

        // So wide that already the regions of a single token go to the workers.
        ["wide"] = Base with
        {
            VocabSize = 517, EmbeddingDim = 120, HeadCount = 6, KvHeadCount = 3, HeadDim = 20, MlpDim = 340, LayerCount = 1, Activation = ActivationKind.Relu,
        },
    };
}
