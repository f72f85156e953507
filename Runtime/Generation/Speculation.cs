using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Generation;

/// <summary>
/// Guesses the next tokens of a sample from what its text repeats, and decides how many guesses are worth their price: computing them together
/// with the current token costs less than one after the other, but only right ones gain anything.
/// </summary>
/// <remarks>
/// An account in units of a decoded token: a guess costs its price, a right one brings a token, and each step brings a little. Nothing is guessed
/// without the means, so text that repeats nothing loses 1/128 and the first token at most, as far as the prices are right. They are
/// counts, not times: a run guesses the same on every machine. How many at a time doubles while all are right, and begins anew with a wrong one.
/// </remarks>
/// <param name="most">Most tokens to guess at a time, 1 or more.</param>
/// <param name="cost">What guesses cost.</param>
internal sealed class Speculation(int most, StepCost cost)
{
    private const int Token = StepCost.Token, Allowance = Token / 128;

    // One alone costs nearly what two do: layers run over whole tiles of tokens.
    private const int Fewest = 2;

    private int _means = Token;
    private int _next = Math.Min(Fewest, most);

    /// <summary>Writes the tokens that may follow behind a sequence.</summary>
    /// <param name="sequence">The sequence, and room for what may follow.</param>
    /// <param name="length">Tokens of the sequence, 1 or more.</param>
    /// <param name="room">Most tokens that are of use; there is room for as many.</param>
    /// <param name="samples">How many samples are computed in the step, this one included.</param>
    /// <returns>Their number, often 0.</returns>
    public int Propose(Span<int> sequence, int length, int room, int samples)
    {
        int price = cost.Beside(samples);
        _means = Math.Min(_means + Allowance, 2 * most * price);
        int count = Math.Min(Math.Min(_next, room), _means / price);
        if (count <= 0 || Repetition.Find(sequence[..length]) is not (var from and >= 0))
            return 0;
        for (int i = 0; i < count; i++)   // one by one: where the match ends in itself, guesses repeat guesses
            sequence[length + i] = sequence[from + i];
        _means -= count * price;
        return count;
    }

    /// <summary>Notes how many of the tokens proposed last were chosen.</summary>
    /// <param name="proposed">Tokens proposed, 1 or more.</param>
    /// <param name="accepted">Those of them that were right.</param>
    public void Note(int proposed, int accepted)
    {
        _means += accepted * Token;
        _next = accepted == proposed ? Math.Min(2 * _next, most) : Math.Min(Fewest, most);
    }
}
