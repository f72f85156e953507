namespace MyGpt.Runtime.Tests.Reference;

/// <summary>
/// myGPT's two encoders written as plainly as possible, over strings. Slow; never calls the code under test.
/// </summary>
internal sealed class ReferenceMyGptBpe(IReadOnlyList<string> chars, IReadOnlyList<(string Left, string Right)> merges)
{
    private readonly string[] _vocabulary = [.. chars, .. merges.Select(merge => merge.Left + merge.Right)];

    /// <summary>What generating uses: each merge in turn over the whole text, left to right.</summary>
    public int[] EncodeSequentially(string text)
    {
        List<string> symbols = Characters(text);
        foreach ((string left, string right) in merges)
            symbols = MergeAll(symbols, left, right);
        return Ids(symbols);
    }

    /// <summary>What training uses: white space and the word after it are one piece, and in each piece the earliest merge is done first.</summary>
    public int[] EncodeWordByWord(string text)
    {
        List<int> ids = [];
        int at = 0;
        while (at < text.Length)
        {
            int end = at;
            while (end < text.Length && IsPythonSpace(text[end]))
                end++;
            while (end < text.Length && !IsPythonSpace(text[end]))
                end++;
            ids.AddRange(EncodeWord(text[at..end]));
            at = end;
        }
        return [.. ids];
    }

    private int[] EncodeWord(string word)
    {
        List<string> symbols = Characters(word);
        while (symbols.Count > 1)
        {
            int rank = symbols.Zip(symbols.Skip(1)).Min(pair => Rank(pair.First, pair.Second));
            if (rank == int.MaxValue)
                break;
            symbols = MergeAll(symbols, merges[rank].Left, merges[rank].Right);
        }
        return Ids(symbols);
    }

    private int Rank(string left, string right)
    {
        for (int i = merges.Count - 1; i >= 0; i--) // a Python dictionary keeps the last
        {
            if (merges[i] == (left, right))
                return i;
        }
        return int.MaxValue;
    }

    private static List<string> Characters(string text) => [.. text.EnumerateRunes().Select(rune => rune.ToString())];

    private static List<string> MergeAll(List<string> symbols, string left, string right)
    {
        List<string> merged = [];
        for (int i = 0; i < symbols.Count; i++)
        {
            bool applies = i + 1 < symbols.Count && symbols[i] == left && symbols[i + 1] == right;
            merged.Add(applies ? left + right : symbols[i]);
            i += applies ? 1 : 0;
        }
        return merged;
    }

    private int[] Ids(List<string> symbols) => [.. symbols.Select(symbol => Array.LastIndexOf(_vocabulary, symbol))];

    // chr(c).isspace() of Python 3.11 for every code point.
    private static bool IsPythonSpace(char c) => Array.IndexOf(
    [
        0x9, 0xA, 0xB, 0xC, 0xD, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006,
        0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
    ], (int)c) >= 0;
}
