using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

public class StepCostTests
{
    [Theory]
    [InlineData(ElementType.F32, 1.25, 3.25)]
    [InlineData(ElementType.Bf16, 1.3125, 3.8125)]
    [InlineData(ElementType.Q8, 1.4375, 4.9375)]
    [InlineData(ElementType.Q4, 1.6875, 7.1875)]
    public void Of_tokens_is_one_and_the_price_of_the_weight_type_for_each_further_one(ElementType type, double two, double ten)
    {
        using var model = new InMemoryModel(TinyModels.Config, type);

        Assert.Equal(1, model.Gpt.StepCost.Of(1));
        Assert.Equal(two, model.Gpt.StepCost.Of(2));
        Assert.Equal(ten, model.Gpt.StepCost.Of(10));
    }

    [Theory]
    [InlineData(ElementType.F32, 16, 25, 40, 64)]
    [InlineData(ElementType.Q4, 44, 52, 58, 64)]
    public void Beside_is_dearer_the_more_tokens_share_a_step(ElementType type, int one, int two, int five, int many)
    {
        using var model = new InMemoryModel(TinyModels.Config, type);
        StepCost cost = model.Gpt.StepCost;

        Assert.Equal([one, two, five], new[] { 1, 2, 5 }.Select(cost.Beside));
        Assert.InRange(cost.Beside(4096), many - 1, many);
    }
}
