using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Generation;

/// <summary>When guesses are worth their price.</summary>
public class GuessAccountTests
{
    private const int Most = 8;

    private readonly int[] _sequence = new int[100];   // repeats itself everywhere

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
            var account = new GuessAccount(Most, cost);
            Speculation[] speculations = [.. Enumerable.Range(0, samples).Select(_ => new Speculation(Most, account))];
            double lost = 0;
            for (int step = 1; step <= 1000; step++)
            {
                account.BeginStep(samples);
                foreach (Speculation speculation in speculations)
                    lost += Guess(speculation, isRight: false) * cost.Beside(samples) / (double)StepCost.Token;
                Assert.InRange(lost, 0, 1 + step / 128.0);
            }
            Assert.InRange(lost, 1000 / 128.0, 9);   // and the chance to guess right is taken
        }
    }

    [Theory]
    [InlineData(40, 1, new[] { 2, 4, 8, 8 })]
    [InlineData(40, 8, new[] { 1, 1, 1, 2 })]
    [InlineData(96, 1, new[] { 1, 1, 2, 2 })]
    public void Guesses_that_are_right_become_more_as_far_as_the_account_can_pay(int price, int samples, int[] expected)
    {
        var account = new GuessAccount(Most, new StepCost(price));
        var speculation = new Speculation(Most, account);

        Assert.All(expected, count =>
        {
            account.BeginStep(samples);
            Assert.Equal(count, Guess(speculation, isRight: true));
        });
    }

    [Fact]
    public void Samples_share_what_one_has_earned()
    {
        var account = new GuessAccount(Most, new StepCost(96));
        Speculation one = new(Most, account), two = new(Most, account);

        account.BeginStep(samples: 2);
        Assert.Equal(1, Guess(one, isRight: true));
        Assert.Equal(1, Guess(two, isRight: true));   // paid by the other's
        account.BeginStep(samples: 1);
        Assert.Equal(1, account.Affordable);          // 1 + 2 - 2 * 109/128, and cheaper alone
    }

    [Fact]
    public void What_was_earned_long_ago_pays_two_steps_full_of_guesses()
    {
        var account = new GuessAccount(Most, new StepCost(40));
        for (int step = 0; step < 100; step++)
        {
            account.BeginStep(samples: 1);
            account.Earn(Most);
        }
        account.BeginStep(samples: 1);
        Assert.Equal(2 * Most, account.Affordable);
    }

    private int Guess(Speculation speculation, bool isRight)
    {
        int count = speculation.Propose(_sequence, 50, room: 50);
        if (count > 0)
            speculation.Note(count, isRight ? count : 0);
        return count;
    }
}
