using FsCheck.Fluent;
using MyGpt.Runtime.Tests.Tokenization;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>What is encoded and decoded again is the text: of every tokenizer, for the texts that it can encode.</summary>
public class TokenizerPropertyTests
{
    private const string Special = "<|endoftext|>";

    // [c for c in range(0x110000) if chr(c).isspace()] of Python 3.11.
    private static readonly char[] PythonWhiteSpace =
    [
        '\t', '\n', '\v', '\f', '\r', '\u001C', '\u001D', '\u001E', '\u001F', ' ', '\u0085', '\u00A0', '\u1680', '\u2000', '\u2001', '\u2002', '\u2003', '\u2004',
        '\u2005', '\u2006', '\u2007', '\u2008', '\u2009', '\u200A', '\u2028', '\u2029', '\u202F', '\u205F', '\u3000',
    ];

    [Fact]
    public void Gpt2_gives_any_text_back() =>
        Property.Holds(Text.Any, text => AssertGivesBack(Gpt2.Tokenizer, text), cases: 200);

    [Fact]
    public void Characters_give_any_text_of_the_vocabulary_back() =>
        Property.Holds(Text.Any, text => AssertGivesBack(Characters(text), text), cases: 200);

    [Fact]
    public void MyGpt_merges_of_any_kind_give_a_text_of_the_vocabulary_back() => Property.Holds(
        Arb.From(
            from text in Text.Any.Generator
            from merges in Gen.Choose(0, 150).Two().Select(pair => (Left: pair.Item1, Right: pair.Item2)).ArrayOf()
            select (Text: text, Merges: merges),
            value => Text.Any.Shrinker(value.Text).Select(text => (text, value.Merges))
                .Concat(Simpler.Arrays(value.Merges, SimplerMerge).Select(merges => (value.Text, merges)))),
        value => AssertGivesBack(MyGpt(value.Text, value.Merges), value.Text),
        cases: 200);

    [Fact]
    public void Words_give_the_text_back_with_one_space_for_white_space() => Property.Holds(Text.Any, text =>
    {
        string[] words = text.AsUtf8.Split(PythonWhiteSpace, StringSplitOptions.RemoveEmptyEntries);
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Words([.. words.Append(Special).Distinct()]));
        string joined = string.Join(' ', words);
        Assert.Equal(joined, tokenizer.Decode(tokenizer.Encode(text.Value)));
        Assert.Equal(joined, tokenizer.Decode(tokenizer.Encode(joined)));
    }, cases: 200);

    [Fact]
    public void Skipping_what_is_unknown_leaves_the_rest_of_the_text() => Property.Holds(Text.WellFormed, text =>
    {
        string[] known = [.. text.Characters.Where((_, i) => i % 2 == 0).Append("a").Distinct()];
        ITokenizer tokenizer = TokenizerFactory.Create(TokenizerDataBuilder.Characters(known));
        string rest = string.Concat(text.Value.EnumerateRunes().Select(rune => rune.ToString()).Where(character => known.Contains(character)));
        Assert.Equal(rest, tokenizer.Decode(tokenizer.Encode(text.Value, unknown: UnknownText.Skip)));
    }, cases: 200);

    // Special tokens too: as ordinary text and as themselves.
    private static void AssertGivesBack(ITokenizer tokenizer, Text text)
    {
        foreach (bool allowSpecial in (bool[])[false, true])
        {
            int[] ids = tokenizer.Encode(text.Value, allowSpecial);
            Assert.Equal(text.AsUtf8, tokenizer.Decode(ids));
            Assert.Equal(allowSpecial ? text.Value.Split(Special).Length - 1 : 0, ids.Count(id => id == tokenizer.SpecialTokens[Special]));
        }
    }

    private static IEnumerable<(int Left, int Right)> SimplerMerge((int Left, int Right) merge) =>
        Simpler.Integers(merge.Left).Select(left => (left, merge.Right)).Concat(Simpler.Integers(merge.Right).Select(right => (merge.Left, right)));

    private static ITokenizer Characters(Text text)
    {
        string[] characters = text.Characters;
        return TokenizerFactory.Create(TokenizerDataBuilder.Characters(
            [.. characters, Special], new Dictionary<string, int> { [Special] = characters.Length }));
    }

    // Merges of any two earlier tokens, often the same two again.
    private static ITokenizer MyGpt(Text text, (int Left, int Right)[] pairs)
    {
        List<string> tokens = [.. text.Characters];
        List<BpeMerge> merges = [];
        foreach ((int left, int right) in pairs.Where(_ => tokens.Count > 0))
        {
            merges.Add(new BpeMerge(left % tokens.Count, right % tokens.Count, tokens.Count));
            tokens.Add(tokens[merges[^1].Left] + tokens[merges[^1].Right]);
        }
        return TokenizerFactory.Create(TokenizerDataBuilder.MyGptBpe(
            [.. tokens, Special], merges, new Dictionary<string, int> { [Special] = tokens.Count }));
    }
}
