using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>When guesses are worth their price.</summary>
public class SpeculationAccountTests
{
    private const int Most = 8;

    [Theory]
    [InlineData(40)]
    [InlineData(56)]
    [InlineData(96)]
    [InlineData(120)]
    public void Guesses_that_are_always_wrong_cost_one_token_and_one_in_128_of_the_steps(int price)
    {
        var cost = new StepCost(price);
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
                Assert.InRange(lost, 0, 1 + step / 128.0);
            }
            Assert.InRange(lost, 7, 9);   // and the chance to guess right is taken
        }
    }

    [Theory]
    [InlineData(40, 1, new[] { 2, 4, 8, 8 })]
    [InlineData(40, 8, new[] { 1, 1, 1, 2 })]
    [InlineData(96, 1, new[] { 1, 1, 2, 2 })]
    public void Guesses_that_are_right_become_more_as_far_as_the_account_can_pay(int price, int samples, int[] expected)
    {
        var speculation = new Speculation(Most, new StepCost(price));
        int[] sequence = new int[100];

        Assert.All(expected, count =>
        {
            Assert.Equal(count, speculation.Propose(sequence, 50, room: 50, samples));
            speculation.Note(count, count);
        });
    }
}
