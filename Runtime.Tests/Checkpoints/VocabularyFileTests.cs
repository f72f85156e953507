using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class VocabularyFileTests
{
    [Theory]
    [InlineData("v.txt", "I\nlove\nAI\n!\n", TokenizerKind.Words, "I|love|AI|!")]
    [InlineData("v.txt", "I\r\nlove\r\nAI\r\n!", TokenizerKind.Words, "I|love|AI|!")]
    [InlineData("v.txt", "\uFEFFa\n \n\U0001F600\n", TokenizerKind.Characters, "a| |\U0001F600")]
    [InlineData("v.txt", "[\na\n]\n", TokenizerKind.Characters, "[|a|]")]                        // not JSON
    [InlineData("v.txt", "[\"\\n\", \"a\"]", TokenizerKind.Characters, "\n|a")]                  // JSON by content
    [InlineData("v.json", " [\"I\", \"lo\\u0076e\"] \n", TokenizerKind.Words, "I|love")]
    [InlineData("v.json", "{\"b\": 1, \"a\": 0}", TokenizerKind.Characters, "a|b")]
    [InlineData("v.txt", "{\"0\": \"be\", \"1\": \"to\"}", TokenizerKind.Words, "be|to")]
    [InlineData("v.json", "{\"uchars\": [\"a\", \"b\"], \"bos\": 2}", TokenizerKind.Characters, "a|b|")]
    [InlineData("v.json", "{\"chars\": [\"a\", \"b\"], \"merges\": [[\"a\", \"b\"]]}", TokenizerKind.MyGptBpe, "a|b|ab")]
    [InlineData("v.json", "{\"stoi\": {\"a\": 0}, \"itos\": {\"0\": \"a\"}}", TokenizerKind.Characters, "a")]
    [InlineData("v.txt", "<BOS>\na\nb\n", TokenizerKind.Characters, "<BOS>|a|b")]
    public void Read_lists_of_tokens(string name, string text, TokenizerKind kind, string tokens)
    {
        TokenizerData vocabulary = Read(name, Encoding.UTF8.GetBytes(text));

        Assert.Equal(kind, vocabulary.Kind);
        ITokenizer tokenizer = TokenizerFactory.Create(vocabulary);
        Assert.Equal(tokens.Split('|'),
            Enumerable.Range(0, vocabulary.TokenCount).Select(id => Encoding.UTF8.GetString(tokenizer.TokenBytes(id))));
    }

    [Fact]
    public void Read_the_meta_pickle_of_nanoGPT()
    {
        TokenizerData vocabulary = VocabularyFile.Read(TestFiles.Fixture("nanogpt_char_nobias/meta.pkl"), vocabSize: 65);

        Assert.Equal(TokenizerKind.Characters, vocabulary.Kind);
        Assert.Equal(65, vocabulary.TokenCount);
    }

    [Theory]
    [InlineData("empty.txt", "", "has no tokens")]
    [InlineData("long.txt", "a\nb\nc\nd\ne\nf\ng\nh\ni\n", "more tokens than the model, which has 8")]
    [InlineData("twice.txt", "a\nb\na\n", "token 2")]
    [InlineData("gap.txt", "a\n\nb\n", "line 2 is empty")]
    [InlineData("space.txt", "ab\nc d\n", "a word has no white space in it")]
    [InlineData("open.json", "[\"a\"", "damaged JSON")]
    [InlineData("object.json", "{\"a\": [0]}", "is an object, but neither")]
    [InlineData("empty.json", "{}", "is an object, but neither")]
    [InlineData("gap.json", "{\"a\": 0, \"b\": 2}", "no character with the id 1")]
    [InlineData("twice.json", "{\"a\": 0, \"a\": 1}", "'a' occurs twice")]
    [InlineData("openobject.json", "{\"a\": 0", "this is no JSON")]
    [InlineData("wordpiece.json", "{\"model\": {\"type\": \"WordPiece\"}, \"added_tokens\": []}", "only byte-level 'BPE' is converted")]
    [InlineData("numbers.json", "[1, 2]", "not an array of strings")]
    [InlineData("nested.json", "[[\"a\"]]", "not an array of strings")]
    [InlineData("numbers.txt", "[1, 2]", "not an array of strings")]
    [InlineData("object.txt", "{\"a\": 0.5}", "is an object, but neither")]
    [InlineData("open.txt", "[\"a\", \"b\"", "damaged JSON")]
    [InlineData("old.pkl", "(dp0\nVitos\np1\n(dp2\ns.", "pickle of an old protocol")]
    [InlineData("binary.txt", "a\0b\n", "is not text")]
    [InlineData("more.json", "[\"a\"] []", "damaged JSON")]
    [InlineData("surrogate.json", "[\"\\ud800\"]", "damaged JSON")]
    [InlineData("long.json", "[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", "more tokens than the model, which has 8")]
    public void Read_refuses_a_damaged_list(string name, string text, string reason) =>
        Assert.Contains(reason, Refuse(name, Encoding.UTF8.GetBytes(text)), StringComparison.Ordinal);

    [Fact]
    public void Read_says_where_JSON_is_damaged_and_does_not_repeat_it() =>
        Assert.EndsWith("'long.json' is damaged JSON: line 2, byte 8",
            Refuse("long.json", Encoding.UTF8.GetBytes("[\n\"a\", t" + new string('r', 1_000_000))), StringComparison.Ordinal);

    [Fact]
    public void Read_refuses_what_is_not_UTF8() =>
        Assert.Contains("line 2 is not UTF-8", Refuse("latin1.txt", [(byte)'a', (byte)'\n', 0xE4, (byte)'\n']), StringComparison.Ordinal);

    [Fact]
    public void Read_refuses_JSON_nested_beyond_reason() =>
        Assert.Contains("not an array of strings", Refuse("deep.json", Encoding.UTF8.GetBytes(new string('[', 100_000))),
            StringComparison.Ordinal);

    [Fact]
    public void Read_refuses_a_huge_file()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using (FileStream sparse = File.Create(folder.File("huge.txt")))
            sparse.SetLength(1L << 32);

        var error = Assert.Throws<CheckpointException>(() => VocabularyFile.Read(folder.File("huge.txt"), vocabSize: 8));

        Assert.Contains("4294967296 bytes", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_refuses_a_meta_pickle_that_contradicts_itself()
    {
        Assert.Contains("has neither itos nor stoi", RefuseMeta([("vocab_size", 2)]), StringComparison.Ordinal);
        Assert.Contains("itos and stoi contradict", RefuseMeta([("itos", Pairs((0, "a"))), ("stoi", Pairs(("b", 0)))]),
            StringComparison.Ordinal);
        Assert.Contains("no character with the id 1", RefuseMeta([("itos", Pairs((0, "a"), (2, "b")))]), StringComparison.Ordinal);
        Assert.Contains("no character with the id 0", RefuseMeta([("itos", Pairs((-1, "a"), (1, "b")))]), StringComparison.Ordinal);
        Assert.Contains("has the id 0 twice", RefuseMeta([("stoi", Pairs(("a", 0), ("b", 0)))]), StringComparison.Ordinal);
        Assert.Contains("an id and a character", RefuseMeta([("stoi", Pairs(("a", "0")))]), StringComparison.Ordinal);
        Assert.Contains("one character was needed", RefuseMeta([("stoi", Pairs(("ab", 0)))]), StringComparison.Ordinal);
        Assert.Contains("more tokens than the model", RefuseMeta([("itos", Pairs([.. Enumerable.Range(0, 9).Select(i => ((object)i, (object?)$"{i}"))]))]),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_refuses_a_meta_pickle_that_calls_code_or_holds_a_tensor()
    {
        Assert.Contains("'os.system'", Refuse("meta.pkl", new PickleWriter().Proto().Global("os", "system").Stop().ToArray()),
            StringComparison.Ordinal);
        Assert.Contains("a tensor is in a pickle that can have none",
            Refuse("meta.pkl", new PickleWriter().Proto().Value(TestTensor.Random(1, 1), _ => "0").Stop().ToArray()),
                StringComparison.Ordinal);
    }

    private static List<(object, object?)> Pairs(params (object, object?)[] pairs) => [.. pairs];

    private static string RefuseMeta(List<(object, object?)> meta) =>
        Refuse("meta.pkl", new PickleWriter().Proto(4).Value(meta).Stop().ToArray());

    private static TokenizerData Read(string name, byte[] bytes)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File(name), bytes);
        return VocabularyFile.Read(folder.File(name), vocabSize: 8);
    }

    private static string Refuse(string name, byte[] bytes)
    {
        string message = Assert.Throws<CheckpointException>(() => Read(name, bytes)).Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.Contains(name, message, StringComparison.Ordinal);
        return message;
    }
}
