using System.Buffers.Binary;
using System.Text;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>The tables of tokenizers, as weights.bin holds them, without the file around them.</summary>
internal sealed class TokenizerReader() : FuzzReader("tokenizer tables", Make)
{
    private const string Text = "the then \u00E9\u0301\U0001F600 <|endoftext|>\n\uD800 I love AI \u001C\u2028abc123 ''ll";

    private static readonly TokenizerKind[] Kinds = Enum.GetValues<TokenizerKind>();

    /// <summary>Encodes a text and decodes every token.</summary>
    public static void Use(ITokenizer tokenizer, int tokenCount)
    {
        Assert.Equal(tokenCount, tokenizer.VocabSize);
        foreach (bool special in new[] { false, true })
        {
            try
            {
                int[] ids = tokenizer.Encode(Text, special);
                Assert.All(ids, id => Assert.InRange(id, 0, tokenCount - 1));
                tokenizer.Decode(ids);
            }
            catch (UnknownTextException)
            {
                // A vocabulary need not have these characters.
            }
        }
        var decoder = new StreamingDecoder(tokenizer);
        for (int id = 0; id < tokenCount; id++)
            decoder.Append(id);
        decoder.Flush();
    }

    public override Action Read(string path, FuzzRandom random)
    {
        byte[] bytes = File.ReadAllBytes(path);
        var tables = new List<ReadOnlyMemory<byte>>();
        for (int at = 4; tables.Count < 4 && at + 4 <= bytes.Length;)
        {
            int length = Math.Min(BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(at)), bytes.Length - at - 4);
            if (length < 0)
                break;
            tables.Add(bytes.AsMemory(at + 4, length));
            at += 4 + length;
        }
        while (tables.Count < 4)
            tables.Add(default);
        var data = new TokenizerData
        {
            Kind = Kinds[bytes.Length > 0 ? bytes[0] % Kinds.Length : 0],
            TokenCount = (tables[0].Length / sizeof(uint)) - (bytes.Length > 1 && bytes[1] != 0 ? bytes[1] : 1),
            TokenOffsets = tables[0],
            TokenBytes = tables[1],
            Merges = tables[2],
            SpecialTokens = Specials(tables[3].Span),
        };
        ITokenizer tokenizer = TokenizerFactory.Create(data);
        return () => Use(tokenizer, data.TokenCount);
    }

    private static Dictionary<string, int> Specials(ReadOnlySpan<byte> lines)
    {
        Dictionary<string, int> specials = [];
        string[] parts = Encoding.UTF8.GetString(lines).Split('\n');
        for (int i = 0; i + 1 < parts.Length; i += 2)
            specials[parts[i]] = int.TryParse(parts[i + 1], out int id) ? id : -1;
        return specials;
    }

    /// <summary>myGPT's byte pair encoding: two merges, the second of which holds a space.</summary>
    public static TokenizerData Merges() =>
        TokenizerDataBuilder.MyGptBpe(["t", "h", " ", "e", "th", "th "], [new BpeMerge(0, 1, 4), new BpeMerge(4, 2, 5)]);

    private static IEnumerable<FuzzSeed> Make()
    {
        yield return Of(Merges());
        yield return Of(TinyModels.Characters("abc\u00E9\U0001F600 \nthelov"));
        yield return Of(TinyModels.Bpe());
        yield return Of(TinyModels.Tokens(TokenizerKind.Words, ["I"u8.ToArray(), "love"u8.ToArray(), "AI"u8.ToArray(), "<end>"u8.ToArray()]) with
        {
            SpecialTokens = new Dictionary<string, int> { ["<end>"] = 3 },
        });
    }

    private static FuzzSeed Of(TokenizerData data)
    {
        byte[] head = [(byte)Array.IndexOf(Kinds, data.Kind), 1, 0, 0];
        byte[] specials = Encoding.UTF8.GetBytes(string.Concat(data.SpecialTokens.Select(special => $"{special.Key}\n{special.Value}\n")));
        FuzzPart[] parts =
        [
            new(PartKind.Binary, head), new(PartKind.Binary, data.TokenOffsets.ToArray(), Weight: 3), new(PartKind.Binary, data.TokenBytes.ToArray(), Weight: 3),
            new(PartKind.Binary, data.Merges.ToArray(), Weight: data.Merges.IsEmpty ? 1 : 4), new(PartKind.Text, specials),
        ];
        return new FuzzSeed(new FuzzFile("tables", parts, Join));
    }

    private static byte[] Join(IReadOnlyList<byte[]> parts) =>
        [.. parts[0], .. parts.Skip(1).SelectMany(table => (byte[])[.. BitConverter.GetBytes(table.Length), .. table])];
}
