using System.Buffers.Binary;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// Lays out tokens and merges as <see cref="TokenizerData"/>. It packs what it gets; <see cref="TokenizerFactory.Create"/> is what checks it.
/// </summary>
public static class TokenizerDataBuilder
{
    /// <summary>A vocabulary of GPT-2's kind.</summary>
    /// <param name="tokens">The bytes of each token in id order; each of the 256 single bytes is one, anywhere.</param>
    /// <param name="merges">The merges, in any order.</param>
    /// <param name="specialTokens">Special tokens and their ids, or null for none.</param>
    /// <exception cref="TokenizerDataException">The tokens are too large together for the offsets.</exception>
    public static TokenizerData Gpt2Bpe(
        IReadOnlyList<ReadOnlyMemory<byte>> tokens, IReadOnlyList<BpeMerge> merges, IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentNullException.ThrowIfNull(merges);
        return Pack(TokenizerKind.Gpt2Bpe, tokens, specialTokens) with
        {
            Merges = Pack([.. merges.OrderBy(merge => merge.Left).ThenBy(merge => merge.Right)]),
        };
    }

    /// <summary>A vocabulary of characters.</summary>
    /// <param name="characters">One character (code point) each, in id order; empty for an id without text.</param>
    /// <param name="specialTokens">Special tokens and their ids, or null for none.</param>
    /// <exception cref="TokenizerDataException">A character is an unpaired surrogate, or all are too large together for the offsets.</exception>
    public static TokenizerData Characters(IReadOnlyList<string> characters, IReadOnlyDictionary<string, int>? specialTokens = null) =>
        Pack(TokenizerKind.Characters, Utf8(characters), specialTokens);

    /// <summary>A vocabulary of words.</summary>
    /// <param name="words">The words in id order; empty for an id without text. White space within one makes it a word that no text holds.</param>
    /// <param name="specialTokens">Special tokens and their ids, or null for none.</param>
    /// <exception cref="TokenizerDataException">A word holds an unpaired surrogate, or all are too large together for the offsets.</exception>
    public static TokenizerData Words(IReadOnlyList<string> words, IReadOnlyDictionary<string, int>? specialTokens = null) =>
        Pack(TokenizerKind.Words, Utf8(words), specialTokens);

    /// <summary>A vocabulary of myGPT's BPE.</summary>
    /// <param name="tokens">The tokens in id order: characters, then one for each merge. Empty for an id without text.</param>
    /// <param name="merges">The merges in the order in which they are applied; their ids may be in any order.</param>
    /// <param name="specialTokens">Special tokens and their ids, or null for none.</param>
    /// <exception cref="TokenizerDataException">A token holds an unpaired surrogate, or all are too large together for the offsets.</exception>
    public static TokenizerData MyGptBpe(
        IReadOnlyList<string> tokens, IReadOnlyList<BpeMerge> merges, IReadOnlyDictionary<string, int>? specialTokens = null)
    {
        ArgumentNullException.ThrowIfNull(merges);
        return Pack(TokenizerKind.MyGptBpe, Utf8(tokens), specialTokens) with { Merges = Pack(merges) };
    }

    private static List<ReadOnlyMemory<byte>> Utf8(IReadOnlyList<string> tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        var bytes = new List<ReadOnlyMemory<byte>>(tokens.Count);
        foreach (string token in tokens)
        {
            if (!WellFormedText.TryEncode(token, out byte[] utf8))
                throw new TokenizerDataException($"token {bytes.Count} is {Quotation.Of(token)} with an unpaired surrogate, well-formed text needed");
            bytes.Add(utf8);
        }
        return bytes;
    }

    private static TokenizerData Pack(
        TokenizerKind kind, IReadOnlyList<ReadOnlyMemory<byte>> tokens, IReadOnlyDictionary<string, int>? specialTokens)
    {
        long size = tokens.Sum(token => (long)token.Length);
        if (size > Array.MaxLength || tokens.Count >= Array.MaxLength / sizeof(uint))
            throw new TokenizerDataException($"tokens: {tokens.Count} with {size} bytes found, each table at most {Array.MaxLength} bytes needed");

        byte[] bytes = new byte[size];
        byte[] offsets = new byte[(tokens.Count + 1) * sizeof(uint)];
        int end = 0;
        for (int id = 0; id < tokens.Count; id++)
        {
            tokens[id].Span.CopyTo(bytes.AsSpan(end));
            end += tokens[id].Length;
            BinaryPrimitives.WriteUInt32LittleEndian(offsets.AsSpan((id + 1) * sizeof(uint)), (uint)end);
        }
        return new TokenizerData
        {
            Kind = kind,
            TokenCount = tokens.Count,
            TokenOffsets = offsets,
            TokenBytes = bytes,
            SpecialTokens = specialTokens ?? new Dictionary<string, int>(),
        };
    }

    private static byte[] Pack(IReadOnlyList<BpeMerge> merges)
    {
        byte[] packed = new byte[checked(merges.Count * 3 * sizeof(uint))];
        Span<byte> rest = packed;
        foreach (BpeMerge merge in merges)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, merge.Left);
            BinaryPrimitives.WriteInt32LittleEndian(rest[sizeof(uint)..], merge.Right);
            BinaryPrimitives.WriteInt32LittleEndian(rest[(2 * sizeof(uint))..], merge.Merged);
            rest = rest[(3 * sizeof(uint))..];
        }
        return packed;
    }
}
