using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Generation;

/// <summary>Decides how many guesses the samples of a run may make: each has its price, and only right ones gain anything.</summary>
/// <remarks>
/// An account in decoded tokens. It begins with one and gets 1/128 with each step; a guess costs its price, and a right one brings a token. Nothing is
/// guessed that cannot be paid: where no guess is right, they cost one token and 1/128 of the steps at most, as far as the prices are right. These are
/// constants, not measured times, so a run guesses the same on every machine. Samples share one account, since they share what a step costs, and where
/// the text of one repeats itself, that of the others mostly does.
/// </remarks>
/// <param name="most">Most tokens that a sample guesses at a time, 1 or more.</param>
/// <param name="cost">What guesses cost.</param>
internal sealed class GuessAccount(int most, StepCost cost)
{
    private const int Token = StepCost.Token, Allowance = Token / 128;

    private int _means = Token;
    private int _price = cost.Beside(1);

    /// <summary>How many guesses can be paid in this step.</summary>
    public int Affordable => _means / _price;

    /// <summary>Begins a step.</summary>
    /// <param name="samples">How many samples take part, 1 or more.</param>
    public void BeginStep(int samples)
    {
        _price = cost.Beside(samples);
        // What was earned long ago pays no more than two steps full of guesses.
        _means = (int)Math.Min(_means + Allowance, 2L * most * samples * _price);
    }

    /// <summary>Pays for guesses, no more than can be paid.</summary>
    public void Pay(int guesses) => _means -= guesses * _price;

    /// <summary>Notes guesses that were right.</summary>
    public void Earn(int guesses) => _means += guesses * Token;
}
