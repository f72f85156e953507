using System.Buffers.Binary;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class TokenizerFactoryTests
{
    private const int Ab = 256, Abc = 257, EndOfText = 258;

    // 256 bytes in reverse order, "ab", "abc", "<end>"
    private static readonly TokenizerData Bpe = TokenizerDataBuilder.Gpt2Bpe(
        [
            .. Enumerable.Range(0, 256).Select(i => (ReadOnlyMemory<byte>)new[] { (byte)(255 - i) }),
            "ab"u8.ToArray(), "abc"u8.ToArray(), "<end>"u8.ToArray(),
        ],
        [new BpeMerge(Ab, Id('c'), Abc), new BpeMerge(Id('a'), Id('b'), Ab)],
        new Dictionary<string, int> { ["<end>"] = EndOfText });

    private static readonly TokenizerData Words = TokenizerDataBuilder.Words(["a", "bc", ""]);

    // "a", "b", "ab", "aba"
    private static readonly TokenizerData MyGpt = TokenizerDataBuilder.MyGptBpe(["a", "b", "ab", "aba"], [new BpeMerge(0, 1, 2), new BpeMerge(2, 0, 3)]);

    public static TheoryData<string, TokenizerData, string> Hostile => new()
    {
        { "no tokens", Bpe with { TokenCount = 0 }, "token count: 0 found" },
        { "negative count", Bpe with { TokenCount = -1 }, "token count: -1 found" },
        { "largest count", Bpe with { TokenCount = int.MaxValue }, "token count: 2147483647 found" },
        { "count beyond the offsets", Bpe with { TokenCount = int.MaxValue - 1 }, "token offsets: 8589934588 bytes needed for 2147483646 tokens, 1040 found" },
        { "one offset too few", Bpe with { TokenOffsets = Bpe.TokenOffsets[..^4] }, "token offsets: 1040 bytes needed for 259 tokens, 1036 found" },
        { "one byte of offsets too many", Bpe with { TokenOffsets = Longer(Bpe.TokenOffsets) }, "token offsets: 1040 bytes needed for 259 tokens, 1041 found" },
        { "offsets absent", Bpe with { TokenOffsets = default }, "token offsets: 1040 bytes needed for 259 tokens, 0 found" },
        { "first offset not 0", Bpe with { TokenOffsets = Set(Bpe.TokenOffsets, 0, 1) }, "token offsets: the first is 1, 0 needed" },
        { "offsets fall", Bpe with { TokenOffsets = Set(Bpe.TokenOffsets, 7, 5) }, "token offsets: token 6 begins at 6 and ends at 5" },
        { "offset beyond 2 GB", Bpe with { TokenOffsets = Set(Bpe.TokenOffsets, 7, 0xFFFFFFFF) }, "token offsets: token 7 begins at 4294967295 and ends at 8" },
        { "last offset beyond the bytes", Bpe with { TokenOffsets = Set(Bpe.TokenOffsets, 259, 0x80000000) }, "token bytes: 2147483648 needed by the offsets, 266 found" },
        { "bytes left over", Bpe with { TokenBytes = Longer(Bpe.TokenBytes) }, "token bytes: 266 needed by the offsets, 267 found" },
        { "fewer tokens than bytes", Bytes(255), "the byte 255 is no token; one for each of the 256 bytes needed" },
        { "a byte twice", Bpe with { TokenBytes = SetByte(Bpe.TokenBytes, 9, 255) }, "token 9 is the byte 255, and so is token 0" },
        { "a byte without token", Bpe with { TokenOffsets = Set(Bpe.TokenOffsets, 9, 8) }, "the byte 246 is no token" },
        { "merges cut off", Bpe with { Merges = Bpe.Merges[..^1] }, "merges: 23 bytes found, a multiple of 12 needed" },
        { "merge of an unknown left token", Bpe with { Merges = Set(Bpe.Merges, 3, 259) }, "merges: entry 1 makes token 257 of 259 and 156" },
        { "merge of an unknown right token", Bpe with { Merges = Set(Bpe.Merges, 1, uint.MaxValue) }, "merges: entry 0 makes token 256 of 158 and 4294967295" },
        { "merge into an unknown token", Bpe with { Merges = Set(Bpe.Merges, 2, 259) }, "merges: entry 0 makes token 259, 0 to 258 needed" },
        { "merge into itself", Bpe with { Merges = Set(Bpe.Merges, 3, 257) }, "merges: entry 1 makes token 257 of 257 and 156, two lower ids needed" },
        { "merge of other bytes", Bpe with { Merges = Set(Bpe.Merges, 1, Id('d')) }, "merges: entry 0 makes token 256, which is 'ab', of 'a' and 'd'" },
        { "merge twice", Bpe with { Merges = Concat(Bpe.Merges[..12], Bpe.Merges) }, "merges: entry 1 is (158, 157) and follows (158, 157)" },
        { "merges unsorted", Bpe with { Merges = Concat(Bpe.Merges[12..], Bpe.Merges[..12]) }, "merges: entry 1 is (158, 157) and follows (256, 156)" },
        { "merges for words", Words with { Merges = Bpe.Merges }, "merges: 24 bytes found, none needed for Words" },
        { "special id negative", Special("<end>", -1), "special token '<end>': id -1 found, 0 to 258 needed" },
        { "special id beyond the tokens", Special("<end>", 259), "special token '<end>': id 259 found, 0 to 258 needed" },
        { "special token of another text", Special("<eos>", EndOfText), "special token '<eos>': token 258 is '<end>'" },
        { "special token without a name", Special("", EndOfText), "special token 258: its text is empty" },
        { "special token of half a character", Words with { SpecialTokens = new Dictionary<string, int> { ["x\uD83D"] = 2 } }, "special token 'x\uFFFD': well-formed text needed" },
        { "character twice", TokenizerDataBuilder.Characters(["a", "b", "a"]), "token 2 is 'a', and so is token 0" },
        { "two characters in one", TokenizerDataBuilder.Characters(["a", "bc"]), "token 1 is 'bc', one character in UTF-8 needed" },
        { "half a character", TokenizerDataBuilder.Characters(["a", "\u00E9"]) with { TokenBytes = new byte[] { 0x61, 0xC3, 0x28 } }, "token 1 is '\uFFFD(', one character" },
        { "overlong character", TokenizerDataBuilder.Characters(["a", "\u00E9"]) with { TokenBytes = new byte[] { 0x61, 0xC1, 0xA1 } }, "token 1 is '\uFFFD\uFFFD', one character" },
        { "word twice", TokenizerDataBuilder.Words(["to", "be", "be"]), "token 2 is 'be', and so is token 1" },
        { "word not UTF-8", Words with { TokenBytes = new byte[] { 0x61, 0xC3, 0x28 } }, "token 1 is C328, UTF-8 needed" },
        { "myGPT's merges cut off", MyGpt with { Merges = MyGpt.Merges[..^4] }, "merges: 20 bytes found, a multiple of 12 needed" },
        { "myGPT's merge of an unknown left token", MyGpt with { Merges = Set(MyGpt.Merges, 0, 4) }, "merges: entry 0 names token 4, 0 to 3 needed" },
        { "myGPT's merge of an unknown right token", MyGpt with { Merges = Set(MyGpt.Merges, 4, uint.MaxValue) }, "merges: entry 1 names token 4294967295" },
        { "myGPT's merge into an unknown token", MyGpt with { Merges = Set(MyGpt.Merges, 2, 0x80000000) }, "merges: entry 0 names token 2147483648" },
        { "myGPT's merge of other text", MyGpt with { Merges = Set(MyGpt.Merges, 1, 0) }, "merges: entry 0 makes token 2, which is 'ab', of 'a' and 'a'" },
        { "myGPT's merge with nothing", MyGpt with { TokenOffsets = Set(MyGpt.TokenOffsets, 1, 0) }, "merges: entry 0 makes token 2, which is 'ab', of '' and 'ab'" },
        { "myGPT's character twice", TokenizerDataBuilder.MyGptBpe(["a", "b", "a"], []), "token 2 is 'a', and so is token 0" },
        { "myGPT's token not UTF-8", MyGpt with { Merges = default, TokenBytes = SetByte(MyGpt.TokenBytes, 3, 0xFF) }, "token 2 is 61FF, UTF-8 needed" },
    };

    [Fact]
    public void Create_accepts_the_tables_that_the_hostile_ones_are_made_of()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(Bpe);
        Assert.Equal([Id('x'), Abc, Ab, Ab, Id(' ')], tokenizer.Encode("xabcabab "));
        Assert.Equal([EndOfText, Abc], tokenizer.Encode("<end>abc", allowSpecial: true));
        Assert.Equal([1, 0], TokenizerFactory.Create(Words).Encode("bc a"));
        Assert.Equal([1, 3, 2], TokenizerFactory.Create(MyGpt).Encode("babaab"));
    }

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Create_hostile_tables_names_what_is_wrong(string cause, TokenizerData data, string message)
    {
        var found = Assert.Throws<TokenizerDataException>(() => TokenizerFactory.Create(data));
        Assert.True(found.Message.StartsWith(message, StringComparison.Ordinal), $"{cause}: {found.Message}");
        Assert.DoesNotContain('\n', found.Message);
    }

    [Fact]
    public void Create_unknown_kind_is_an_argument_error()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => TokenizerFactory.Create(Words with { Kind = (TokenizerKind)99 }));
    }

    [Fact]
    public void Build_unpaired_surrogate_is_an_error_that_names_the_token()
    {
        var found = Assert.Throws<TokenizerDataException>(() => TokenizerDataBuilder.Characters(["a", "\uD83D"]));
        Assert.StartsWith("token 1 is '\uFFFD' with an unpaired surrogate", found.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void SpecialTokens_do_not_change_with_the_dictionary_they_came_from()
    {
        var specials = new Dictionary<string, int> { ["<pad>"] = 2 };
        ITokenizer tokenizer = TokenizerFactory.Create(Words with { SpecialTokens = specials });
        specials.Clear();
        Assert.Equal(2, tokenizer.SpecialTokens["<pad>"]);
    }

    private static int Id(char character) => 255 - character;

    private static TokenizerData Special(string text, int id) => Bpe with { SpecialTokens = new Dictionary<string, int> { [text] = id } };

    private static TokenizerData Bytes(int count) =>
        TokenizerDataBuilder.Gpt2Bpe([.. Enumerable.Range(0, count).Select(i => (ReadOnlyMemory<byte>)new[] { (byte)i })], []);

    private static byte[] Set(ReadOnlyMemory<byte> table, int index, long value)
    {
        byte[] copy = table.ToArray();
        BinaryPrimitives.WriteUInt32LittleEndian(copy.AsSpan(index * sizeof(uint)), (uint)value);
        return copy;
    }

    private static byte[] SetByte(ReadOnlyMemory<byte> table, int index, byte value)
    {
        byte[] copy = table.ToArray();
        copy[index] = value;
        return copy;
    }

    private static byte[] Longer(ReadOnlyMemory<byte> table) => [.. table.Span, 0];

    private static byte[] Concat(ReadOnlyMemory<byte> first, ReadOnlyMemory<byte> second) => [.. first.Span, .. second.Span];
}
