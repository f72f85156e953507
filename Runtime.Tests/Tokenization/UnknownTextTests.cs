using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class UnknownTextTests
{
    [Theory]
    [InlineData("<unk>|[UNK]|<UNK>|\uFFFD|?| |a", 0)]
    [InlineData("a| |?|\uFFFD|<UNK>|[UNK]|<unk>", 6)]
    [InlineData("a| |?|\uFFFD|<UNK>|[UNK]", 5)]
    [InlineData("a| |?|\uFFFD|<UNK>", 4)]
    [InlineData("a| |?|\uFFFD", 3)]
    [InlineData("a| |?", 2)]
    [InlineData("a| ", 1)]
    public void Replace_takes_the_first_of_the_choices_that_the_vocabulary_has(string tokens, int replacement)
    {
        string[] list = tokens.Split('|');
        var specials = list.Select((text, id) => (text, id)).Where(token => token.text.Length > 1).ToDictionary(token => token.text, token => token.id);
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(list, specials));
        Assert.Equal([Array.IndexOf(list, "a"), replacement, replacement], tokenizer.Encode("a\u00E9\U0001F600", unknown: UnknownText.Replace));
    }

    [Fact]
    public void Replace_without_any_of_the_choices_is_an_error_that_names_them()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(["a"]));
        string message = Assert.Throws<UnknownTextException>(() => tokenizer.Encode("ab", unknown: UnknownText.Replace)).Message;
        Assert.Equal("the vocabulary has no character 'b' (U+0062), found at character 1 of the text (counted from 0), "
            + "nor a token to replace it: <unk>, [UNK], <UNK>, U+FFFD, '?' and a space were looked for", message);
        Assert.Equal([0, 0], tokenizer.Encode("aa", unknown: UnknownText.Replace));
    }

    [Fact]
    public void A_special_token_without_text_can_replace()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(["a", ""], new Dictionary<string, int> { ["<unk>"] = 1 }));
        Assert.Equal([0, 1], tokenizer.Encode("ab", unknown: UnknownText.Replace));
    }

    [Fact]
    public void Skip_leaves_out_characters_and_words()
    {
        ITokenizer characters = TokenizerFactory.Create(TokenizerDataBuilder.Characters(["a", "b"]));
        Assert.Equal([0, 1], characters.Encode("\u00E9a\uD83D\U0001F600b", unknown: UnknownText.Skip));
        ITokenizer words = TokenizerFactory.Create(TokenizerDataBuilder.Words(["to", "be", "<unk>"]));
        Assert.Equal([0, 1], words.Encode("to  bee be", unknown: UnknownText.Skip));
        Assert.Equal([0, 2, 1], words.Encode("to  bee be", unknown: UnknownText.Replace));
    }

    // As if the text had the replacement in it; a special token merges with nothing.
    [Fact]
    public void Replace_in_myGPT_merges_what_takes_the_place()
    {
        ITokenizer tokenizer = MyGptBpeCases.Build(["a", "?"], [("a", "?")]);
        Assert.Equal(tokenizer.Encode("a??a"), tokenizer.Encode("a\u00E9\u00E9a", unknown: UnknownText.Replace));
    }

    [Fact]
    public void Gpt2_knows_every_text()
    {
        foreach (UnknownText unknown in Enum.GetValues<UnknownText>())
            Assert.Equal(Gpt2.Tokenizer.Encode("\uD83D\U0010FFFF"), Gpt2.Tokenizer.Encode("\uD83D\U0010FFFF", unknown: unknown));
    }

    [Fact]
    public void Encode_refuses_what_is_no_member_of_the_enum() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Gpt2.Tokenizer.Encode("a", unknown: (UnknownText)3));
}
