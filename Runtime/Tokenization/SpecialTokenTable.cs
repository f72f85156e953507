using System.Buffers;

namespace MyGpt.Runtime.Tokenization;

/// <summary>The special tokens of a vocabulary, and where they occur in a text.</summary>
internal sealed class SpecialTokenTable
{
    private readonly HashSet<int> _ids;
    private readonly Lazy<Search> _search; // made by the first text that may hold special tokens

    /// <summary>Checks and copies the special tokens.</summary>
    /// <exception cref="TokenizerDataException">A special token has no name, no place in the table, or another text there.</exception>
    public SpecialTokenTable(TokenizerData data, TokenTable tokens)
    {
        foreach ((string text, int id) in data.SpecialTokens)
        {
            string name = Quotation.Of(text);
            if (text.Length == 0)
                throw new TokenizerDataException($"special token {id}: its text is empty");
            if (!WellFormedText.TryEncode(text, out byte[] utf8))
                throw new TokenizerDataException($"special token {name}: well-formed text needed, an unpaired surrogate found");
            if (id < 0 || id >= tokens.Count)
                throw new TokenizerDataException($"special token {name}: id {id} found, 0 to {tokens.Count - 1} needed");
            if (!tokens[id].IsEmpty && !tokens[id].SequenceEqual(utf8))
                throw new TokenizerDataException($"special token {name}: token {id} is {Quotation.Of(tokens[id])}, the same text or none needed");
        }

        Ids = new Dictionary<string, int>(data.SpecialTokens, StringComparer.Ordinal).AsReadOnly();
        _ids = [.. Ids.Values];
        _search = new Lazy<Search>(() => new Search(Ids));
    }

    /// <summary>The special tokens and their ids.</summary>
    public IReadOnlyDictionary<string, int> Ids { get; }

    /// <summary>Whether an id is a special token.</summary>
    public bool IsSpecial(int id) => _ids.Contains(id);

    /// <summary>Finds the first special token in a text; of two that begin at one place, the longer.</summary>
    /// <returns>Where it begins, or -1.</returns>
    public int IndexIn(ReadOnlySpan<char> text, out int length, out int id)
    {
        (length, id) = (0, -1);
        if (Ids.Count == 0)
            return -1;
        int at = text.IndexOfAny(_search.Value.Texts);
        if (at < 0)
            return -1;
        foreach ((string token, int tokenId) in _search.Value.LongestFirst)
        {
            if (!text[at..].StartsWith(token, StringComparison.Ordinal))
                continue;
            (length, id) = (token.Length, tokenId);
            break;
        }
        return at;
    }

    private sealed class Search(IReadOnlyDictionary<string, int> ids)
    {
        public SearchValues<string> Texts { get; } = SearchValues.Create([.. ids.Keys], StringComparison.Ordinal);

        public KeyValuePair<string, int>[] LongestFirst { get; } = [.. ids.OrderByDescending(token => token.Key.Length)];
    }
}
