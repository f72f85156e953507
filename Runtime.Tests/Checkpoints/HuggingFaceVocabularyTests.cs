using System.Text.Json.Nodes;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tests.Tokenization;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class HuggingFaceVocabularyTests
{
    private static readonly int[] Expected = [2 + 't', 258, 2 + '\n', 260, 259, 2 + 0xC3, 2 + 0xA9];
    private const string Text = "the\n hehe he\u00E9";

    [Fact]
    public void Find_reads_tokenizer_json_with_merges_as_strings_and_as_pairs()
    {
        JsonObject pairs = HuggingFaceFiles.Tokenizer();
        pairs["model"]!["merges"] = new JsonArray(new JsonArray("h", "e"), new JsonArray("Ġ", "he"), new JsonArray("Ġhe", "he"));
        foreach (JsonObject json in (JsonObject[])[HuggingFaceFiles.Tokenizer(), pairs])
        {
            (TokenizerData? vocabulary, Report report) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, ("tokenizer.json", json.ToJsonString()));
            ITokenizer tokenizer = TokenizerFactory.Create(vocabulary!);
            Assert.Equal(Expected, tokenizer.Encode(Text));
            Assert.Equal(Text, tokenizer.Decode(Expected));
            Assert.Equal([2 + 'a', 1], tokenizer.Encode("a<|end|>", allowSpecial: true));
            Assert.Equal(["vocabulary: 261 tokens from tokenizer.json beside the checkpoint; special: '<s>', '<|end|>'"], report.Of(ReportKind.Found));
            Assert.Single(report.Lines);
        }
    }

    [Theory]
    [InlineData("#version: 0.2\nh e\nĠ he\nĠhe he\n")]
    [InlineData("h e\r\nĠ he\r\nĠhe he")]
    public void Find_reads_vocab_json_with_merges_txt(string merges)
    {
        (TokenizerData? vocabulary, _) = HuggingFaceFiles.Find(
            HuggingFaceFiles.VocabSize, ("vocab.json", HuggingFaceFiles.Vocabulary().ToJsonString()), ("merges.txt", merges));
        ITokenizer tokenizer = TokenizerFactory.Create(vocabulary!);
        Assert.Equal(Expected, tokenizer.Encode(Text));
        Assert.Equal([("<s>", 0), ("<|end|>", 1)], tokenizer.SpecialTokens.Select(token => (token.Key, token.Value)).Order());
    }

    [Fact]
    public void Find_gives_null_where_there_is_none()
    {
        Assert.Null(HuggingFaceFiles.Find(100).Vocabulary);
        Assert.Null(HuggingFaceFiles.Find(100, ("vocab.json", "{}")).Vocabulary);
        Assert.Null(HuggingFaceFiles.Find(100, ("merges.txt", "a b")).Vocabulary);
    }

    [Fact]
    public void Find_reports_what_it_does_not_do()
    {
        JsonObject json = HuggingFaceFiles.Tokenizer();
        json["post_processor"] = new JsonObject { ["type"] = "TemplateProcessing" };
        json["added_tokens"]!.AsArray().Add(HuggingFaceFiles.Added("[PAD]", HuggingFaceFiles.VocabSize));
        json["added_tokens"]![1]!["lstrip"] = true;
        (TokenizerData? vocabulary, Report report) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, ("tokenizer.json", json.ToJsonString()));
        Assert.Equal(261, vocabulary!.TokenCount);
        Assert.Contains("'[PAD]' has the id 262", Assert.Single(report.Of(ReportKind.LeftOut)), StringComparison.Ordinal);
        Assert.Collection(report.Of(ReportKind.Warning),
            line => Assert.Contains("'TemplateProcessing' adds tokens around a text", line, StringComparison.Ordinal),
            line => Assert.Contains("'<|end|>' takes white space beside it away", line, StringComparison.Ordinal));
    }

    [Fact]
    public void Find_takes_an_added_token_that_is_not_in_the_vocabulary_and_a_gap_before_it()
    {
        JsonObject json = HuggingFaceFiles.Tokenizer();
        json["added_tokens"]!.AsArray().Add(HuggingFaceFiles.Added("<|im start|>", 270));
        ITokenizer tokenizer = TokenizerFactory.Create(HuggingFaceFiles.Find(280, ("tokenizer.json", json.ToJsonString())).Vocabulary!);
        Assert.Equal([270, 2 + 'a'], tokenizer.Encode("<|im start|>a", allowSpecial: true));
        Assert.True(tokenizer.TokenBytes(265).IsEmpty);
    }

    public static TheoryData<string, Action<JsonObject>, string> Hostile => new()
    {
        { "no model", json => json.Remove("model"), "tokenizer.json has no object 'model'" },
        { "model is a list", json => json["model"] = new JsonArray(), "tokenizer.json has no object 'model'" },
        { "WordPiece", json => json["model"]!["type"] = "WordPiece", "the model is 'WordPiece'; only byte-level 'BPE' is converted" },
        { "Unigram", json => json["model"]!["type"] = "Unigram", "the model is 'Unigram'" },
        { "byte_fallback", json => json["model"]!["byte_fallback"] = true, "the setting byte_fallback" },
        { "ignore_merges", json => json["model"]!["ignore_merges"] = true, "the setting ignore_merges" },
        { "continuing_subword_prefix", json => json["model"]!["continuing_subword_prefix"] = "##", "the setting continuing_subword_prefix" },
        { "end_of_word_suffix", json => json["model"]!["end_of_word_suffix"] = "</w>", "the setting end_of_word_suffix" },
        { "dropout", json => json["model"]!["dropout"] = 0.1, "a dropout, with which ids are random" },
        { "normalizer", json => json["normalizer"] = new JsonObject { ["type"] = "NFC" }, "the normalizer 'NFC' changes text" },
        { "normalizer is a number", json => json["normalizer"] = 1, "the normalizer 'an integer' changes text" },
        { "no pre-tokenizer", json => json["pre_tokenizer"] = null, "the pre-tokenizer is 'none'" },
        { "Whitespace", json => json["pre_tokenizer"]!["type"] = "Whitespace", "the pre-tokenizer is 'Whitespace'" },
        { "a sequence of pre-tokenizers", json => json["pre_tokenizer"] = new JsonObject { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(new JsonObject(), new JsonObject()) }, "the pre-tokenizer is 'Sequence'" },
        { "add_prefix_space", json => json["pre_tokenizer"]!["add_prefix_space"] = true, "puts a space before every text" },
        { "add_prefix_space unsaid", json => json["pre_tokenizer"]!.AsObject().Remove("add_prefix_space"), "puts a space before every text" },
        { "no expression", json => json["pre_tokenizer"]!["use_regex"] = false, "does not cut text with GPT-2's expression" },
        { "no vocab", json => json["model"]!["vocab"] = new JsonArray(), "the model has no object 'vocab'" },
        { "empty vocab", json => json["model"]!["vocab"] = new JsonObject(), "the vocabulary has no tokens" },
        { "no merges", json => json["model"]!.AsObject().Remove("merges"), "the model has no list 'merges'" },
        { "id that is a string", json => json["model"]!["vocab"]!["he"] = "258", "the vocabulary pairs a string with a string" },
        { "negative id", json => json["model"]!["vocab"]!["he"] = -1, "the token 'he' has the id -1; 0 or more was needed" },
        { "id beyond the model", json => json["model"]!["vocab"]!["he"] = 262, "the token 'he' has the id 262, and the model 262 tokens" },
        { "id beyond 64 bits", json => json["model"]!["vocab"]!["he"] = 1e300, "the vocabulary pairs a string with a number with a fraction" },
        { "id twice", json => json["model"]!["vocab"]!["xx"] = 258, "has the id 258, and so has another token" },
        { "empty token", json => json["model"]!["vocab"]![""] = 261, "the token with the id 261 is empty" },
        { "token with a space", json => json["model"]!["vocab"]!["a b"] = 261, "the token 'a b' (id 261) is not spelt" },
        { "token in Greek", json => json["model"]!["vocab"]!["\u03B1\u03B2"] = 261, "(id 261) is not spelt" },
        { "a byte without token", json => json["model"]!["vocab"]!.AsObject().Remove("z"), "the byte 122 is no token" },
        { "merge of one token", json => json["model"]!["merges"]![0] = "he", "merge 0 is 'he'; two tokens with one space" },
        { "merge of three tokens", json => json["model"]!["merges"]![0] = "h e r", "merge 0 is 'h e r'; two tokens with one space" },
        { "merge with nothing", json => json["model"]!["merges"]![0] = " he", "merge 0 is ' he'; two tokens" },
        { "merge that is a number", json => json["model"]!["merges"]![0] = 3, "merge 0 is an integer; a string or a pair" },
        { "merge that is a triple", json => json["model"]!["merges"]![0] = new JsonArray("h", "e", "r"), "merge 0 is a list; a string or a pair" },
        { "merge of an unknown part", json => json["model"]!["merges"]![2] = "Ġhe xy", "merge 2 has 'xy', which is no token" },
        { "merge into an unknown token", json => json["model"]!["merges"]![2] = "he he", "merge 2 has 'hehe', which is no token" },
        { "merges out of order", json => (json["model"]!["merges"]![0], json["model"]!["merges"]![1]) = ("Ġ he", "h e"), "merge 1 makes token 258 and the one before it token 259" },
        { "merge twice", json => json["model"]!["merges"]!.AsArray().Add("Ġhe he"), "merge 3 makes token 260 and the one before it token 260" },
        { "merge into a lower id", json => (json["model"]!["vocab"]!["he"], json["model"]!["vocab"]!["a"]) = (2 + 'a', 258), "merges: entry " },
        { "added token without id", json => json["added_tokens"]![0]!.AsObject().Remove("id"), "added token 0 is a dictionary without content and id" },
        { "added token with a negative id", json => json["added_tokens"]![0]!["id"] = -1, "added token 0 is a dictionary without content and id" },
        { "added token without text", json => json["added_tokens"]![0]!["content"] = "", "added token 0 is a dictionary without content and id" },
        { "added token that is a string", json => json["added_tokens"]![1] = "<s>", "added token 1 is a string without content and id" },
        { "added token twice", json => json["added_tokens"]![1]!["content"] = "<s>", "the added token '<s>' is there twice" },
        { "added token with two ids", json => json["added_tokens"]![0]!["id"] = 261, "the added token '<s>' has the id 261, and 0 in the vocabulary" },
        { "added token on another's id", json => json["added_tokens"]!.AsArray().Add(HuggingFaceFiles.Added("[X]", 258)), "has the id 258, and so has another token" },
    };

    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Find_refuses(string cause, Action<JsonObject> change, string reason)
    {
        JsonObject json = HuggingFaceFiles.Tokenizer();
        change(json);
        string message = Assert.Throws<CheckpointException>(
            () => HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, ("tokenizer.json", json.ToJsonString()))).Message;
        Assert.True(message.Contains(reason, StringComparison.Ordinal), $"{cause}: {message}");
        Assert.StartsWith("tokenizer.json", message, StringComparison.Ordinal);
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Theory]
    [InlineData("{", "h e", "this is no JSON")]
    [InlineData("[]", "h e", "vocab.json is a list; an object was needed")]
    [InlineData("{\"a\":0,\"a\":1}", "h e", "'a' occurs twice")]
    [InlineData("{\"a\":5000}", "", "has the id 5000, and there are only 1 tokens")]
    [InlineData(null, "h e\n\nĠ he", "merges.txt: line 2 is ''; two tokens")]
    [InlineData(null, "h e\n#version: 0.2", "merge 1 has '#version:'")]
    [InlineData(null, "h  e", "merges.txt: line 1 is 'h  e'; two tokens")]
    public void Find_refuses_a_damaged_pair(string? vocabulary, string merges, string reason)
    {
        vocabulary ??= HuggingFaceFiles.Vocabulary().ToJsonString();
        string message = Assert.Throws<CheckpointException>(
            () => HuggingFaceFiles.Find(1 << 20, ("vocab.json", vocabulary), ("merges.txt", merges))).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
    }

    [SharedFact]
    public void ReadPair_of_the_published_files_is_the_embedded_vocabulary()
    {
        TokenizerData published = VocabularyFile.Read(TestFiles.SharedFile("fixtures/tokenizer/encoder.json"), 50257); // with vocab.bpe beside it
        Assert.Equal(Gpt2.Data.TokenOffsets.ToArray(), published.TokenOffsets.ToArray());
        Assert.Equal(Gpt2.Data.TokenBytes.ToArray(), published.TokenBytes.ToArray());
        Assert.Equal(Gpt2.Data.Merges.ToArray(), published.Merges.ToArray());
        Assert.Equal(Gpt2.Data.SpecialTokens, published.SpecialTokens);
    }

    [Fact]
    public void Find_holds_the_other_files_against_tokenizer_json()
    {
        JsonObject other = HuggingFaceFiles.Vocabulary();
        (string, string)[] files = [("tokenizer.json", HuggingFaceFiles.Tokenizer().ToJsonString()), ("merges.txt", "h e")];
        (_, Report same) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, [.. files, ("vocab.json", other.ToJsonString())]);
        Assert.Equal(["vocab.json and merges.txt beside the checkpoint: tokenizer.json says it all"], same.Of(ReportKind.LeftOut));
        Assert.Empty(same.Of(ReportKind.Warning));

        (other["he"], other["Ġhe"]) = (259, 258);
        (_, Report different) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, [.. files, ("vocab.json", other.ToJsonString())]);
        Assert.Contains("'he' has other ids", Assert.Single(different.Of(ReportKind.Warning)), StringComparison.Ordinal);
        (_, Report damaged) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, [.. files, ("vocab.json", "{")]);
        Assert.Contains("this is no JSON", Assert.Single(damaged.Of(ReportKind.Warning)), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_warns_of_a_vocabulary_without_its_merges()
    {
        (TokenizerData? vocabulary, Report report) = HuggingFaceFiles.Find(HuggingFaceFiles.VocabSize, ("vocab.json", HuggingFaceFiles.Vocabulary().ToJsonString()));
        Assert.Null(vocabulary);
        Assert.Contains("merges.txt", Assert.Single(report.Of(ReportKind.Warning)), StringComparison.Ordinal);
    }

    [Fact]
    public void Find_refuses_a_folder_in_the_place_of_a_file()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Directory.CreateDirectory(folder.File("tokenizer.json"));
        File.WriteAllText(folder.File("model.safetensors"), "");
        using CheckpointFile file = CheckpointFile.Open(folder.File("model.safetensors"));
        string message = Assert.Throws<CheckpointException>(
            () => HuggingFaceVocabulary.Find(new CheckpointFolder(file), HuggingFaceFiles.VocabSize, new Report())).Message;
        Assert.Equal("'tokenizer.json' beside the checkpoint is a folder; a file was needed", message);
    }

    [Fact]
    public void Read_refuses_a_vocabulary_of_byte_pairs_without_its_merges()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("vocab.json"), HuggingFaceFiles.Vocabulary().ToJsonString());
        string message = Assert.Throws<CheckpointException>(() => VocabularyFile.Read(folder.File("vocab.json"), HuggingFaceFiles.VocabSize)).Message;
        Assert.Contains("merges.txt, without which it cannot encode, is missing beside it", message, StringComparison.Ordinal);
    }
}
