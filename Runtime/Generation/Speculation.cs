namespace MyGpt.Runtime.Generation;

/// <summary>Guesses the next tokens of a sample from what its text repeats, as many as the run's account can pay.</summary>
/// <remarks>How many at a time doubles while all are right, and begins anew with a wrong one.</remarks>
/// <param name="most">Most tokens to guess at a time, 1 or more.</param>
/// <param name="account">The run's.</param>
internal sealed class Speculation(int most, GuessAccount account)
{
    // With f32 and bf16 one alone costs nearly what two do: their layers run over whole tiles of tokens.
    private const int Fewest = 2;

    private int _next = Math.Min(Fewest, most);

    /// <summary>Writes the tokens that may follow behind a sequence.</summary>
    /// <param name="sequence">The sequence, and room for what may follow.</param>
    /// <param name="length">Tokens of the sequence, 1 or more.</param>
    /// <param name="room">Most tokens that are of use; there is room for as many.</param>
    /// <returns>Their number, often 0.</returns>
    public int Propose(Span<int> sequence, int length, int room)
    {
        int count = Math.Min(Math.Min(_next, room), account.Affordable);
        if (count <= 0 || Repetition.Find(sequence[..length]) is not (var from and >= 0))
            return 0;
        for (int i = 0; i < count; i++)   // one by one: where the match ends in itself, guesses repeat guesses
            sequence[length + i] = sequence[from + i];
        account.Pay(count);
        return count;
    }

    /// <summary>Notes how many of the tokens proposed last were chosen.</summary>
    /// <param name="proposed">Tokens proposed, 1 or more.</param>
    /// <param name="accepted">Those of them that were right.</param>
    public void Note(int proposed, int accepted)
    {
        account.Earn(accepted);
        _next = accepted == proposed ? Math.Min(2 * _next, most) : Math.Min(Fewest, most);
    }
}
