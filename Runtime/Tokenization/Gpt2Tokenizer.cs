using System.Text;

namespace MyGpt.Runtime.Tokenization;

/// <summary>
/// GPT-2's byte-level byte pair encoding (Radford et al. 2019): text is cut into pieces, each piece is UTF-8 bytes, and merges turn
/// the bytes into tokens. Every text can be encoded.
/// </summary>
internal sealed class Gpt2Tokenizer : TableTokenizer
{
    private const int ByteValues = 256;
    private const int MaxUtf8PerChar = 3; // a pair of surrogates is 4 bytes for 2 units

    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[ByteValues]; // the token of each single byte

    /// <exception cref="TokenizerDataException">One of the 256 bytes is no token, or two.</exception>
    public Gpt2Tokenizer(TokenTable tokens, SpecialTokenTable specials, MergeTable merges)
        : base(tokens, specials)
    {
        _merges = merges;
        _byteIds.AsSpan().Fill(-1);
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens[id];
            if (token.Length != 1 || specials.IsSpecial(id))
                continue;
            ref int byteId = ref _byteIds[token[0]];
            if (byteId >= 0)
                throw new TokenizerDataException($"token {id} is the byte {token[0]}, and so is token {byteId}");
            byteId = id;
        }
        int missing = Array.IndexOf(_byteIds, -1);
        if (missing >= 0)
            throw new TokenizerDataException($"the byte {missing} is no token; one for each of the {ByteValues} bytes needed");
    }

    protected override void EncodeOrdinary(ReadOnlySpan<char> text, int start, int end, UnknownText unknown, List<int> ids)
    {
        text = text[start..end];
        MergeTable.MergeLookup merges = _merges.Open();
        var merger = new BytePairMerger();
        byte[] utf8 = [];
        int[] tokens = [];
        while (!text.IsEmpty)
        {
            ReadOnlySpan<char> piece = text[..Gpt2Pieces.FirstLength(text)];
            text = text[piece.Length..];

            int most = checked(piece.Length * MaxUtf8PerChar);
            if (utf8.Length < most)
            {
                utf8 = new byte[Math.Max(most, ByteValues)];
                tokens = new int[utf8.Length];
            }
            int count = Encoding.UTF8.GetBytes(piece, utf8);
            for (int i = 0; i < count; i++)
                tokens[i] = _byteIds[utf8[i]];
            count = merger.Merge(tokens.AsSpan(0, count), merges);
            ids.AddRange(tokens.AsSpan(0, count));
        }
    }
}
