using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tests.Tokenization;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class MyGptBpeVocabularyTests
{
    [Fact]
    public void Create_gives_the_ids_of_the_tutorial()
    {
        TokenizerData data = MyGptBpeVocabulary.Create(
            Texts(MyGptBpeCases.Chars), List(MyGptBpeCases.Merges.Select(merge => (Value)Pair(merge.Left, merge.Right))), vocabSize: 382, "state");

        Assert.Equal((TokenizerKind.MyGptBpe, 382), (data.Kind, data.TokenCount));
        ITokenizer tokenizer = TokenizerFactory.Create(data);
        Assert.All(MyGptBpeCases.All, c => Assert.Equal(c.Ids, tokenizer.Encode(c.Text)));
    }

    [Fact]
    public void Create_gives_the_last_of_equal_tokens()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(MyGptBpeVocabulary.Create(
            Texts("a", "b"), List(Pair("a", "b"), Pair("b", "a"), Pair("ab", "a"), Pair("a", "ba")), vocabSize: 8, "state"));

        Assert.Equal([5], tokenizer.Encode("aba"));      // 'aba' is token 4 and token 5
        Assert.Equal("aba", tokenizer.Decode([4]));
    }

    public static TheoryData<string, object, object, string> Hostile => new()
    {
        { "no characters", Texts(), List(), "state: chars has no tokens" },
        { "a character that is a number", List(new IntegerValue(1)), List(), "state: chars: item 0 is an integer; a string was needed" },
        { "two characters in one", Texts("a", "bc"), List(), "state: chars: token 1 is 'bc'; one character was needed" },
        { "half a character", Texts("a", "\uD83D"), List(), "state: chars: token 1 is '\\uD83D'; one character was needed" },
        { "a character twice", Texts("a", "a"), List(), "state: token 1 is 'a', and so is token 0" },
        { "more characters than ids", Texts([.. "abcdefghi".Select(c => $"{c}")]), List(), "state: chars has more tokens than the model, which has 8" },
        { "more merges than ids", Texts("a", "b"), List([.. Enumerable.Repeat(Pair("a", "b"), 7)]), "state: chars with merges has more tokens" },
        { "a merge that is a string", Texts("a", "b"), List(new TextValue("ab")), "state: merge 0 is a string; a pair of two strings was needed" },
        { "a merge of three", Texts("a", "b"), List(Texts("a", "b", "a")), "state: merge 0 is a list; a pair of two strings was needed" },
        { "a merge of one", Texts("a", "b"), List(Texts("a")), "state: merge 0 is a list; a pair of two strings was needed" },
        { "a merge of numbers", Texts("a", "b"), List(List(new IntegerValue(0), new IntegerValue(1))), "state: merge 0 is a list; a pair" },
        { "an unknown part", Texts("a", "b"), List(Pair("a", "b"), Pair("ab", "c")), "state: merge 1 joins 'ab' and 'c', and 'c' is neither" },
        { "a part that a later merge makes", Texts("a", "b"), List(Pair("ab", "a"), Pair("a", "b")), "state: merge 0 joins 'ab' and 'a', and 'ab' is neither" },
        { "an empty part", Texts("a", "b"), List(Pair("", "a")), "state: merge 0 joins '' and 'a', and '' is neither" },
    };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Create_refuses(string cause, object chars, object merges, string message)
    {
        var error = Assert.Throws<CheckpointException>(() => MyGptBpeVocabulary.Create((ListValue)chars, (ListValue)merges, vocabSize: 8, "state"));
        Assert.True(error.Message.StartsWith(message, StringComparison.Ordinal), $"{cause}: {error.Message}");
    }

    [Fact]
    public void Create_refuses_merges_that_double_their_text_again_and_again()
    {
        string power = "a";
        List<Value> merges = [];
        for (; power.Length < 1 << 20; power += power)
            merges.Add(Pair(power, power));
        merges.AddRange(Enumerable.Repeat(Pair(power, power), 100)); // in a pickle a string is written once and named again

        var error = Assert.Throws<CheckpointException>(() => MyGptBpeVocabulary.Create(Texts("a"), new ListValue(ListKind.List, merges), 1000, "state"));

        Assert.Contains("makes a vocabulary of ", error.Message, StringComparison.Ordinal);
    }

    private static ListValue List(params IEnumerable<Value> items) => new(ListKind.List, [.. items]);

    private static ListValue Texts(params IEnumerable<string> texts) => List(texts.Select(text => new TextValue(text)));

    private static ListValue Pair(string left, string right) => new(ListKind.Tuple, [new TextValue(left), new TextValue(right)]);
}
