using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>When guesses are worth their price.</summary>
public class SpeculationAccountTests
{
    private const int Most = 8;

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.Bf16)]
    [InlineData(ElementType.Q8)]
    [InlineData(ElementType.Q4)]
    public void Guesses_that_are_always_wrong_cost_one_token_and_one_in_64_of_the_steps(ElementType type)
    {
        using var model = new InMemoryModel(TinyModels.Config, type);
        StepCost cost = model.Gpt.StepCost;
        foreach (int samples in new[] { 1, 3, 8 })
        {
            var speculation = new Speculation(Most, cost);
            int[] sequence = new int[100];   // repeats itself everywhere
            double lost = 0;
            for (int step = 1; step <= 1000; step++)
            {
                int proposed = speculation.Propose(sequence, 50, room: 50, samples);
                if (proposed > 0)
                    speculation.Note(proposed, accepted: 0);
                lost += proposed * cost.Beside(samples) / (double)StepCost.Token;
                Assert.InRange(lost, 0, 1 + step / 64.0);
            }
            Assert.InRange(lost, 14, 17);   // and the chance to guess right is taken
        }
    }

    [Theory]
    [InlineData(ElementType.F32, 1, 2, 4)]
    [InlineData(ElementType.F32, 8, 1, 1)]
    [InlineData(ElementType.Q4, 1, 1, 1)]
    public void Guesses_begin_with_what_the_account_can_pay(ElementType type, int samples, int first, int second)
    {
        using var model = new InMemoryModel(TinyModels.Config, type);
        var speculation = new Speculation(Most, model.Gpt.StepCost);
        int[] sequence = new int[100];

        Assert.Equal(first, speculation.Propose(sequence, 50, room: 50, samples));
        speculation.Note(first, first);
        Assert.Equal(second, speculation.Propose(sequence, 50, room: 50, samples));
    }
}
