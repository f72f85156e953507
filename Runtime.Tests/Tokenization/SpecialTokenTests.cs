using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class SpecialTokenTests
{
    [Fact]
    public void Encode_takes_the_first_special_token_and_of_two_at_one_place_the_longer()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(
            ["a", "<", "x", "", "", ""], new Dictionary<string, int> { ["<x"] = 3, ["<xx"] = 4, ["a<"] = 5 }));
        Assert.Equal([4], tokenizer.Encode("<xx", allowSpecial: true));
        Assert.Equal([3, 0], tokenizer.Encode("<xa", allowSpecial: true));
        Assert.Equal([5, 2, 2, 4, 2, 1], tokenizer.Encode("a<xx<xxx<", allowSpecial: true));
        Assert.Equal([0, 1, 2, 2], tokenizer.Encode("a<xx"));
    }

    [Fact]
    public void Encode_with_special_tokens_allowed_and_none_defined_is_plain()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(["a", "b"]));
        Assert.Equal([0, 1], tokenizer.Encode("ab", allowSpecial: true));
        Assert.Empty(tokenizer.SpecialTokens);
    }
}
