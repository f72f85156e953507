using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests;

public class KernelWarmUpTests
{
    [Fact]
    public void Run_ends_for_every_variant_and_weight_type()
    {
        foreach (PositionKind position in Enum.GetValues<PositionKind>())
        {
            foreach (ActivationKind activation in Enum.GetValues<ActivationKind>())
            {
                foreach (ElementType type in Enum.GetValues<ElementType>().Where(type => type.IsWeight()))
                {
                    var config = new GptConfig
                    {
                        VocabSize = 50257, ContextLength = 1024, EmbeddingDim = 768, LayerCount = 12, HeadCount = 12, KvHeadCount = 4, HeadDim = 64,
                        MlpDim = 3072, Activation = activation, Position = position, GatedMlp = true, QkvBias = true,
                    };
                    KernelWarmUp.Run(config, new(type, type, type, type));
                    KernelWarmUp.Run(config with { GatedMlp = false, KvHeadCount = 12 }, new(type, ElementType.F32, ElementType.F32, type));
                }
            }
        }
    }

    [Fact]
    public void Shrink_keeps_variants_and_bounds_sizes()
    {
        var config = new GptConfig
        {
            VocabSize = 50257, ContextLength = 1024, EmbeddingDim = 768, LayerCount = 12, HeadCount = 12, KvHeadCount = 4, HeadDim = 64,
            MlpDim = 3072, Activation = ActivationKind.Silu, Position = PositionKind.RotaryHalves, GatedMlp = true,
        };
        GptConfig small = KernelWarmUp.Shrink(config);
        Assert.Equal((ActivationKind.Silu, PositionKind.RotaryHalves, true), (small.Activation, small.Position, small.GatedMlp));
        Assert.True(small.KvHeadCount < small.HeadCount);
        Assert.All(TensorSpec.For(small), spec => Assert.InRange((long)spec.Rows * spec.Columns, 1, 32 * (2 + 2) * 128));   // what it allocates
    }

    [Theory]
    [InlineData(4, 4)]
    [InlineData(64, 64)]
    [InlineData(80, 80)]
    [InlineData(128, 64)]
    [InlineData(1000, 104)]
    public void Shrink_keeps_what_a_head_leaves_of_its_tiles(int headDim, int expected)
    {
        var config = new GptConfig
        {
            VocabSize = 50257, ContextLength = 1024, EmbeddingDim = 768, LayerCount = 12, HeadCount = 12, KvHeadCount = 12, HeadDim = headDim,
            MlpDim = 3072, Activation = ActivationKind.Silu, Position = PositionKind.Learned,
        };
        Assert.Equal(expected, KernelWarmUp.Shrink(config).HeadDim);
    }

    [Fact]
    public void Start_of_a_model_that_cannot_run_reports_nothing()
    {
        using var model = new InMemoryModel(new GptConfig
        {
            VocabSize = 53, ContextLength = 80, EmbeddingDim = 40, LayerCount = 1, HeadCount = 4, KvHeadCount = 4, HeadDim = 10, MlpDim = 67,
            Activation = (ActivationKind)99,
        });
        KernelWarmUp.Start(model.Gpt.Weights);
        Thread.Sleep(200);   // an exception on its thread would end the process
    }
}
