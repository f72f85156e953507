using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class CharacterTokenizerTests
{
    private static readonly ITokenizer Tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(
        ["\n", " ", "a", "b", "\u00E9", "\u4F60", "\U0001F600", ""], new Dictionary<string, int> { ["<BOS>"] = 7 }));

    [Fact]
    public void Encode_gives_one_id_per_code_point()
    {
        Assert.Equal([2, 6, 0, 4, 5, 1, 3], Tokenizer.Encode("a\U0001F600\n\u00E9\u4F60 b"));
        Assert.Empty(Tokenizer.Encode(""));
    }

    [Fact]
    public void Decode_gives_the_text_back()
    {
        Assert.Equal("a\U0001F600\n\u00E9\u4F60 b", Tokenizer.Decode([2, 6, 0, 4, 5, 1, 3]));
        Assert.Equal("ab", Tokenizer.Decode([7, 2, 8, 3])); // a special token without text, and a padded id
    }

    [Fact]
    public void Encode_matches_a_plain_dictionary_on_a_large_vocabulary()
    {
        string[] characters = [.. Enumerable.Range(0x20, 0x3000).Concat(Enumerable.Range(0x1F300, 0x300)).Select(char.ConvertFromUtf32)];
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(characters));
        int[] ids = Enumerable.Range(0, characters.Length).ToArray();
        new Random(5).Shuffle(ids);
        Assert.Equal(ids, tokenizer.Encode(string.Concat(ids.Select(id => characters[id]))));
    }

    [Theory]
    [InlineData("ab\u00FC", "'\u00FC' (U+00FC)", 2)]
    [InlineData("\U0001F600\U0001F600z", "'z' (U+007A)", 2)] // two characters before it, not four UTF-16 units
    [InlineData("\U0001F601", "'\U0001F601' (U+1F601)", 0)]
    [InlineData("a\tb", "U+0009", 1)] // not printable: the message stays one line
    [InlineData("a\u202E", "U+202E", 1)]
    public void Encode_unknown_character_names_it_and_its_position(string text, string character, int position)
    {
        string message = Assert.Throws<UnknownTextException>(() => Tokenizer.Encode(text)).Message;
        Assert.Equal($"the vocabulary has no character {character}, found at character {position} of the text (counted from 0)", message);
    }

    [Fact]
    public void Encode_unpaired_surrogate_is_the_replacement_character()
    {
        Assert.Contains("(U+FFFD), found at character 1 ", Assert.Throws<UnknownTextException>(() => Tokenizer.Encode("a\uD83Db")).Message, StringComparison.Ordinal);
        ITokenizer knows = TokenizerFactory.Create(TokenizerDataBuilder.Characters(["\uFFFD", "a"]));
        Assert.Equal([1, 0, 1, 0], knows.Encode("a\uD83Da\uDE00"));
    }

    [Fact]
    public void Encode_special_token_only_where_allowed()
    {
        Assert.Equal([2, 7, 3], Tokenizer.Encode("a<BOS>b", allowSpecial: true));
        Assert.Contains("'<' (U+003C)", Assert.Throws<UnknownTextException>(() => Tokenizer.Encode("a<BOS>b")).Message, StringComparison.Ordinal);
        string after = Assert.Throws<UnknownTextException>(() => Tokenizer.Encode("a<BOS>bz", allowSpecial: true)).Message;
        Assert.Contains("at character 7 ", after, StringComparison.Ordinal); // of the text as it was given
    }
}
