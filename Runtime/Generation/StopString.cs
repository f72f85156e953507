namespace MyGpt.Runtime.Generation;

/// <summary>Looks for one string in a text that arrives character by character.</summary>
/// <remarks>
/// The automaton of Knuth, Morris and Pratt 1977 (SIAM J. Comput. 6:323): after each character it knows the longest end of the
/// text that is a beginning of the string, so nothing is ever read twice.
/// </remarks>
internal sealed class StopString
{
    private readonly string _text;
    private readonly int[] _fallback;   // for a match of n characters, the longest shorter one that ends at the same place

    /// <param name="text">At least one character.</param>
    public StopString(string text)
    {
        _text = text;
        _fallback = new int[text.Length];
        for (int n = 2; n < text.Length; n++)
            _fallback[n] = Extend(_fallback[n - 1], text[n - 1]);
    }

    /// <summary>How many characters of the string the text ends with.</summary>
    public int Matched { get; private set; }

    /// <summary>Whether the text ends with the whole string; no further character may be taken then.</summary>
    public bool IsComplete => Matched == _text.Length;

    /// <summary>Takes the next character of the text.</summary>
    public void Append(char c) => Matched = Extend(Matched, c);

    private int Extend(int matched, char c)
    {
        while (matched > 0 && _text[matched] != c)
            matched = _fallback[matched];
        return _text[matched] == c ? matched + 1 : 0;
    }
}
