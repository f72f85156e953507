using System.Numerics;

namespace MyGpt.Runtime.Tokenization;

/// <summary>From a token's bytes to its id, for vocabularies that are looked up whole: characters and words.</summary>
/// <remarks>
/// Open addressing over the token table in place: 8 to 16 bytes a token, and no copy of the text. The hash is seeded per
/// process (<see cref="HashCode"/>), so that a file cannot be made to collide.
/// </remarks>
internal sealed class TokenIndex
{
    private readonly TokenTable _tokens;
    private readonly int[] _slots; // id + 1, 0 for a free slot; the length is a power of two, at least half of it free

    /// <summary>Indexes tokens that have text.</summary>
    /// <param name="tokens">The vocabulary.</param>
    /// <param name="isFound">Which of them ordinary text may turn into; never a special token.</param>
    /// <exception cref="TokenizerDataException">Two tokens are the same.</exception>
    public TokenIndex(TokenTable tokens, Func<int, bool> isFound)
    {
        _tokens = tokens;
        int indexed = 0;
        for (int id = 0; id < tokens.Count; id++)
            indexed += tokens[id].IsEmpty ? 0 : 1;
        _slots = new int[(int)BitOperations.RoundUpToPowerOf2((uint)Math.Max(2L * indexed, 2))];

        for (int id = 0; id < tokens.Count; id++)
        {
            if (tokens[id].IsEmpty || !isFound(id))
                continue;
            ref int slot = ref Slot(tokens[id]);
            if (slot != 0)
                throw new TokenizerDataException($"token {id} is {Quotation.Of(tokens[id])}, and so is token {slot - 1}");
            slot = id + 1;
        }
    }

    /// <summary>The id of a token, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token) => Slot(token) - 1;

    private ref int Slot(ReadOnlySpan<byte> token)
    {
        HashCode hash = default;
        hash.AddBytes(token);
        int mask = _slots.Length - 1;
        int at = hash.ToHashCode() & mask;
        while (_slots[at] != 0 && !_tokens[_slots[at] - 1].SequenceEqual(token))
            at = (at + 1) & mask;
        return ref _slots[at];
    }
}
