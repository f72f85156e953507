using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

public class StepCostTests
{
    [Theory]
    [InlineData(ElementType.F32, 40, 84)]
    [InlineData(ElementType.Bf16, 40, 84)]
    [InlineData(ElementType.Q8, 56, 120)]
    [InlineData(ElementType.Q4, 96, 120)]
    public void PriceOf_is_that_of_the_type_and_of_where_the_weights_come_from(ElementType type, int memory, int cache)
    {
        Assert.Equal(memory, StepCost.PriceOf(type, 32 << 20));
        Assert.Equal(cache, StepCost.PriceOf(type, (32 << 20) - 1));
        Assert.Equal(cache, StepCost.PriceOf(type, 4 << 20));
        Assert.Equal(StepCost.Token, StepCost.PriceOf(type, (4 << 20) - 1));
    }

    [Fact]
    public void Of_weights_is_the_price_of_all_matrices_together()
    {
        GptConfig config = TinyModels.Config with { EmbeddingDim = 512, HeadDim = 256, MlpDim = 512, VocabSize = 1024, LayerCount = 1, HeadCount = 2, KvHeadCount = 2 };

        // 1.5 Mi weights in the block, 0.5 Mi in the head, in MiB of float32: 6 + 2. As q8 the head has a quarter of the weights at the dearer price.
        Assert.Equal(84, StepCost.Of(Weights(config, head: ElementType.F32)).Price);
        Assert.Equal(93, StepCost.Of(Weights(config, head: ElementType.Q8)).Price);
        Assert.Equal(StepCost.Token, StepCost.Of(Weights(TinyModels.Config, head: ElementType.Q8)).Price);
    }

    [Fact]
    public void PerToken_shares_the_first_tokens_cost_and_the_price_of_each_further_one()
    {
        var cost = new StepCost(96);

        Assert.Equal(1, cost.PerToken(1));
        Assert.Equal(1.75 / 2, cost.PerToken(2));
        Assert.Equal(7.75 / 10, cost.PerToken(10));
    }

    [Theory]
    [InlineData(32, 51, 80)]
    [InlineData(96, 109, 120)]
    [InlineData(128, 128, 128)]
    public void Beside_is_dearer_the_more_tokens_share_a_step(int one, int two, int five)
    {
        var cost = new StepCost(one);

        Assert.Equal([one, two, five], new[] { 1, 2, 5 }.Select(cost.Beside));
        Assert.InRange(cost.Beside(4096), StepCost.Token - 1, StepCost.Token);
    }

    // Shapes and types without numbers; the head is the token embedding.
    private static unsafe GptWeights Weights(GptConfig config, ElementType head) => GptWeights.Load(config, spec =>
        new TensorView(spec.Name, spec.IsMatrix && spec.Rows == config.VocabSize ? head : ElementType.F32, SectionLayout.Rows, spec.Rows, spec.Columns, null));
}
