using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests;

/// <summary>What is compiled before the first token is all that it runs: seen in the events of the just-in-time compiler.</summary>
[Collection(Alone.Name)]
public class WarmKernelsTests
{
    // Rows of the shapes of GPT-2 and the demo model reach far ahead; those of the small models have tails, or a vocabulary that is larger than all else.
    private static readonly GptConfig[] Configs =
    [
        new()
        {
            VocabSize = 97, ContextLength = 64, EmbeddingDim = 768, LayerCount = 1, HeadCount = 12, KvHeadCount = 12, HeadDim = 64, MlpDim = 3072,
            Activation = ActivationKind.GeluTanh, QkvBias = true, ProjectionBias = true, MlpUpBias = true, MlpDownBias = true, TiedHead = true,
        },
        new()
        {
            VocabSize = 65, ContextLength = 64, EmbeddingDim = 384, LayerCount = 1, HeadCount = 6, KvHeadCount = 6, HeadDim = 64, MlpDim = 1536,
            Activation = ActivationKind.GeluErf, NormBias = false, TiedHead = true,
        },
        new()
        {
            VocabSize = 27, ContextLength = 64, EmbeddingDim = 16, LayerCount = 1, HeadCount = 4, KvHeadCount = 4, HeadDim = 4, MlpDim = 64,
            Norm = NormKind.RmsNorm, NormWeight = false, NormBias = false, EmbeddingNorm = true, FinalNorm = false, Activation = ActivationKind.Relu,
        },
        new()
        {
            VocabSize = 2001, ContextLength = 64, EmbeddingDim = 64, LayerCount = 1, HeadCount = 4, KvHeadCount = 2, HeadDim = 16, MlpDim = 176,
            Norm = NormKind.RmsNorm, NormBias = false, Position = PositionKind.RotaryHalves, Activation = ActivationKind.Silu, GatedMlp = true,
        },
    ];

    public static TheoryData<int, string> Models
    {
        get
        {
            var models = new TheoryData<int, string>();
            for (int config = 0; config < Configs.Length; config++)
            {
                foreach (ElementType type in Enum.GetValues<ElementType>().Where(type => type.IsWeight()))
                    models.Add(config, type.ToString());
            }
            return models;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Generate_after_the_warm_up_compiles_no_kernel(int config, string type)
    {
        using var compiled = new OptimisedMethods();
        var fresh = new FreshRuntime();
        fresh.Call(typeof(WarmKernelsTests), nameof(Warm), config, type);
        Assert.Contains(compiled.Take(), name => name.Contains(nameof(Attention<>), StringComparison.Ordinal));   // they are seen at all
        fresh.Call(typeof(WarmKernelsTests), nameof(Generate), config, type);
        Assert.Equal([], compiled.Take());
    }

    private static void Warm(int config, string type)
    {
        ElementType weights = Enum.Parse<ElementType>(type);
        KernelWarmUp.RunShared();
        KernelWarmUp.Run(Configs[config], new(weights, weights, weights, weights));
    }

    private static void Generate(int config, string type)
    {
        using var model = new InMemoryModel(Configs[config], Enum.Parse<ElementType>(type));
        using var generator = new TextGenerator(model.Gpt, tokenizer: null, threads: 1);
        foreach ((int length, float temperature) in ((int, float)[])[(1, 0), (3, 0), (17, 0.8f), (33, 0)])
        {
            using GenerationRun run = generator.Generate(new int[length], new GenerationOptions { MaxNewTokens = 3, Temperature = temperature, TopK = 9, Seed = 1 });
            while (run.MoveNext())
            {
            }
        }
    }
}
