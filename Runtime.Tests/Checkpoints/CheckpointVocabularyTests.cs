using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class CheckpointVocabularyTests
{
    [Theory]
    [InlineData("""{"tokenizer_chars": ["a", "b"]}""", "tokenizer_chars")]
    [InlineData("""{"chars": ["a", "b"]}""", "chars")]
    [InlineData("""{"chars": "ab"}""", "chars")]
    [InlineData("""{"characters": ["a", "b"]}""", "characters")]
    [InlineData("""{"vocab": ["a", "b"]}""", "vocab")]
    [InlineData("""{"vocab": {"b": 1, "a": 0}}""", "vocab")]
    [InlineData("""{"stoi": {"b": 1, "a": 0}}""", "stoi and itos")]
    [InlineData("""{"itos": {"0": "a", "1": "b"}}""", "stoi and itos")]
    [InlineData("""{"itos": ["a", "b"], "stoi": {"a": 0, "b": 1}}""", "stoi and itos")]
    [InlineData("""{"config": {"chars": 2}, "tokenizer_state": {"chars": ["a", "b"]}}""", "tokenizer_state: chars")]
    [InlineData("""{"chars": 65, "meta": {"itos": ["a", "b"]}}""", "meta: stoi and itos")]
    public void Find_reads_characters_under_every_usual_name(string json, string field)
    {
        var report = new Report();
        TokenizerData vocabulary = Find(json, report)!;
        Assert.Equal(TokenizerKind.Characters, vocabulary.Kind);
        Assert.Equal([0, 1, 0], TokenizerFactory.Create(vocabulary).Encode("aba"));
        Assert.Equal($"vocabulary: 2 characters from {field} in the checkpoint", Assert.Single(report.Lines).Text);
    }

    [Fact]
    public void Find_reads_uchars_with_a_token_for_the_beginning_that_has_no_text()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(Find("""{"uchars": ["a", "b"], "bos": 2}""")!);
        Assert.Equal(2, tokenizer.SpecialTokens["<BOS>"]);
        Assert.Equal("ab", tokenizer.Decode([2, 0, 1, 2]));
    }

    [Fact]
    public void Find_reads_merges()
    {
        TokenizerData vocabulary = Find("""{"tokenizer_state": {"chars": ["a", " "], "merges": [["a", " "]]}}""")!;
        Assert.Equal(TokenizerKind.MyGptBpe, vocabulary.Kind);
        Assert.Equal([2, 0], TokenizerFactory.Create(vocabulary).Encode("a a"));
    }

    [Fact]
    public void Find_takes_marks_among_characters_as_special_tokens_and_other_lists_as_words()
    {
        TokenizerData marked = Find("""{"chars": ["<BOS>", "[EOS]", "a"]}""")!;
        Assert.Equal(TokenizerKind.Characters, marked.Kind);
        Assert.Equal([("<BOS>", 0), ("[EOS]", 1)], marked.SpecialTokens.Select(token => (token.Key, token.Value)));
        Assert.Equal(TokenizerKind.Words, Find("""{"stoi": {"<unk>": 0, "I": 1, "am": 2}}""")!.Kind);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"model": {}, "chars": 65, "vocab": null, "stoi": 3, "vocab_size": 2}""")]
    [InlineData("""{"chars": [], "vocab": {}, "characters": [1, 2]}""")]
    public void Find_gives_null_where_there_is_none(string json) => Assert.Null(Find(json));

    [Theory]
    [InlineData("""{"chars": ["a", 1]}""", "chars: item 1 is an integer")]
    [InlineData("""{"chars": ["a", "a"]}""", "chars: token 1 is 'a', and so is token 0")]
    [InlineData("""{"chars": ["<a>", "<a>", "b"]}""", "chars: token 1 is '<a>', and so is token 0")]
    [InlineData("""{"chars": "abcdefghi"}""", "chars has more tokens than the model, which has 8")]
    [InlineData("""{"stoi": {"a": 0, "b": 0}}""", "stoi has the id 0 twice")]
    [InlineData("""{"stoi": {"a": 0, "b": 2}}""", "stoi has no character with the id 1")]
    [InlineData("""{"stoi": {"a": -1}}""", "stoi has no character with the id 0")]
    [InlineData("""{"itos": {"x": "a"}}""", "itos pairs a string with a string")]
    [InlineData("""{"itos": ["a"], "stoi": {"b": 0}}""", "itos and stoi contradict each other")]
    [InlineData("""{"chars": ["a", "b"], "stoi": {"b": 0, "a": 1}}""", "chars and stoi and itos give tokens different ids")]
    [InlineData("""{"meta": {"chars": ["a", "b"], "itos": ["a"]}}""", "meta: chars and meta: stoi and itos give tokens different ids")]
    [InlineData("""{"vocab": {"a": "b"}}""", "the map pairs a string with a string")]
    [InlineData("""{"uchars": ["a"], "bos": 3}""", "bos is 3; 1, the first id after those of uchars, was needed")]
    [InlineData("""{"uchars": ["a"], "bos": -1}""", "bos is -1; 1")]
    [InlineData("""{"uchars": ["ab"], "bos": 1}""", "uchars: token 0 is 'ab'; one character was needed")]
    [InlineData("""{"uchars": ["a","b","c","d","e","f","g","h"], "bos": 8}""", "uchars with bos has more tokens than the model")]
    [InlineData("""{"chars": ["ab", "c d"]}""", "a word has no white space in it")]
    [InlineData("""{"chars": ["ab", "c\u001Cd"]}""", "a word has no white space in it")]
    public void Find_refuses(string json, string reason) =>
        Assert.Contains(reason, Assert.Throws<CheckpointException>(() => Find(json)).Message, StringComparison.Ordinal);

    private static TokenizerData? Find(string json, Report? report = null) =>
        CheckpointVocabulary.Find((DictValue)JsonValues.Read(Encoding.UTF8.GetBytes(json), "test"), vocabSize: 8, report ?? new Report());
}
