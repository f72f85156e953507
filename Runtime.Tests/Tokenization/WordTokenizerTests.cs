using System.Text;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class WordTokenizerTests
{
    private static readonly ITokenizer Tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Words(
        ["the", "cat", "th\u00E9", "\U0001F600", "<end>"], new Dictionary<string, int> { ["<end>"] = 4 }));

    [Theory]
    [InlineData("the cat", new[] { 0, 1 })]
    [InlineData("  the\t\ncat\r\n", new[] { 0, 1 })]
    [InlineData("the\u00A0cat\u3000th\u00E9\u0085\U0001F600", new[] { 0, 1, 2, 3 })]
    [InlineData("the\u001Ccat\u001Dth\u00E9\u001E\u001F\U0001F600", new[] { 0, 1, 2, 3 })] // of Python, not of Unicode
    [InlineData("", new int[0])]
    [InlineData(" \n ", new int[0])]
    public void Encode_splits_at_white_space(string text, int[] ids)
    {
        Assert.Equal(ids, Tokenizer.Encode(text));
    }

    [Fact]
    public void Encode_splits_where_Python_does_and_nowhere_else()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Words(["a"]));
        IEnumerable<int> found = Enumerable.Range(0, 0x110000).Where(Rune.IsValid)
            .Where(c => tokenizer.Encode($"a{char.ConvertFromUtf32(c)}a", unknown: UnknownText.Skip).Length == 2);
        int[] python = // [c for c in range(0x110000) if chr(c).isspace()] of Python 3.11; re's \s is the same
        [
            0x9, 0xA, 0xB, 0xC, 0xD, 0x1C, 0x1D, 0x1E, 0x1F, 0x20, 0x85, 0xA0, 0x1680, 0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005,
            0x2006, 0x2007, 0x2008, 0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
        ];
        Assert.Equal(python, found);
    }

    [Fact]
    public void Decode_joins_with_one_space()
    {
        Assert.Equal("the cat th\u00E9", Tokenizer.Decode([0, 1, 2]));
    }

    [Theory]
    [InlineData("the dog", "'dog'", 1)]
    [InlineData(" the  cat The ", "'The'", 2)]
    [InlineData("x\u200By", "'x\\u{200B}y'", 0)]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'", 0)]
    public void Encode_unknown_word_names_it_and_its_position(string text, string word, int position)
    {
        string message = Assert.Throws<UnknownTextException>(() => Tokenizer.Encode(text)).Message;
        Assert.Equal($"the vocabulary has no word {word}, found at word {position} of the text (counted from 0)", message);
    }

    [Fact]
    public void Encode_special_token_only_where_allowed()
    {
        Assert.Equal([0, 4, 1], Tokenizer.Encode("the<end>cat", allowSpecial: true));
        Assert.Throws<UnknownTextException>(() => Tokenizer.Encode("the <end> cat"));
        string after = Assert.Throws<UnknownTextException>(() => Tokenizer.Encode("the <end> dog", allowSpecial: true)).Message;
        Assert.Contains("'dog', found at word 2 ", after, StringComparison.Ordinal); // a special token counts as a word
    }

    [Fact]
    public void Encode_of_a_long_word_finds_it()
    {
        string word = new('\u4F60', 10_000);
        Assert.Equal([1, 0], TokenizerFactory.Create(TokenizerDataBuilder.Words(["a", word])).Encode($"{word} a"));
    }
}
