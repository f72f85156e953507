using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class MyGptBpeTokenizerTests
{
    [Fact]
    public void Encode_matches_the_ids_of_the_tutorial()
    {
        Assert.InRange(MyGptBpeCases.All.Count, 10, int.MaxValue);
        Assert.All(MyGptBpeCases.All, c => Assert.Equal(c.Ids, MyGptBpeCases.Tokenizer.Encode(c.Text)));
    }

    [Fact]
    public void Reference_matches_the_ids_of_both_encoders_of_the_tutorial()
    {
        Assert.All(MyGptBpeCases.All, c => Assert.Equal(c.Ids, MyGptBpeCases.Reference.EncodeSequentially(c.Text)));
        Assert.All(MyGptBpeCases.All, c => Assert.Equal(c.CorpusIds, MyGptBpeCases.Reference.EncodeWordByWord(c.Text)));
    }

    [Fact]
    public void Tokens_are_the_characters_and_then_the_merged_strings()
    {
        Assert.Equal(MyGptBpeCases.Vocabulary, Enumerable.Range(0, MyGptBpeCases.Tokenizer.VocabSize).Select(id => MyGptBpeCases.Tokenizer.Decode([id])));
    }

    // Text that the merges were learned from holds no run of white space that a merge could reach across.
    [Fact]
    public void Encode_equals_the_word_level_encoder_on_training_like_text()
    {
        var random = new Random(23);
        string[] words = [.. MyGptBpeCases.All.SelectMany(c => c.Text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Where(word => word.All(c => MyGptBpeCases.Chars.Contains($"{c}"))).Distinct()];
        for (int i = 0; i < 300; i++)
        {
            string text = string.Join(' ', random.GetItems(words, random.Next(1, 30)));
            Assert.Equal(MyGptBpeCases.Reference.EncodeWordByWord(text), MyGptBpeCases.Tokenizer.Encode(text));
        }
    }

    [Fact]
    public void Encode_matches_reference_on_random_text_of_the_trained_vocabulary()
    {
        var random = new Random(24);
        for (int i = 0; i < 300; i++)
        {
            string text = string.Concat(random.GetItems(MyGptBpeCases.Vocabulary, random.Next(30)));
            AssertSame(MyGptBpeCases.Reference.EncodeSequentially(text), MyGptBpeCases.Tokenizer.Encode(text), text);
        }
    }

    // Few letters and many merges: pairs overlap, come into being after their turn, occur twice in the list, and make the same string.
    [Fact]
    public void Encode_matches_reference_for_random_merges()
    {
        var random = new Random(25);
        int late = 0, repeated = 0, equal = 0;
        for (int i = 0; i < 2000; i++)
        {
            string[] chars = i % 2 == 0 ? ["a"] : ["a", "\U0001F600"];
            List<string> known = [.. chars];
            List<(string Left, string Right)> merges = [];
            for (int k = random.Next(24); k > 0; k--)
            {
                (string left, string right) = (known[random.Next(Math.Min(known.Count, 8))], known[random.Next(Math.Min(known.Count, 8))]);
                repeated += merges.Contains((left, right)) ? 1 : 0;
                equal += known.Contains(left + right) ? 1 : 0;
                merges.Add((left, right));
                known.Add(left + right);
            }
            var reference = new ReferenceMyGptBpe(chars, merges);
            ITokenizer tokenizer = MyGptBpeCases.Build(chars, merges);
            string text = string.Concat(random.GetItems(chars, random.Next(40)));
            int[] expected = reference.EncodeSequentially(text);
            AssertSame(expected, tokenizer.Encode(text), $"{text} with {string.Join(' ', merges)}");
            late += expected.Zip(expected.Skip(1)).Any(pair => merges.Contains((tokenizer.Decode([pair.First]), tokenizer.Decode([pair.Second])))) ? 1 : 0;
            Assert.Equal(text, tokenizer.Decode(expected));
        }
        Assert.All(new[] { late, repeated, equal }, count => Assert.InRange(count, 10, int.MaxValue));
    }

    [Fact]
    public void Encode_merges_equal_letters_from_the_left()
    {
        ITokenizer tokenizer = MyGptBpeCases.Build(["a"], [("a", "a"), ("aa", "a")]);
        Assert.Equal([1], tokenizer.Encode("aa"));
        Assert.Equal([2], tokenizer.Encode("aaa"));
        Assert.Equal([1, 1], tokenizer.Encode("aaaa"));
        Assert.Equal([1, 2], tokenizer.Encode("aaaaa"));
    }

    [Fact]
    public void Encode_of_a_million_equal_letters_halves_them_at_each_turn()
    {
        // Reading the text once for every merge is 20 million steps here, and 50 billion for a vocabulary of GPT-2's size.
        string[] powers = [.. Enumerable.Range(0, 20).Select(i => new string('a', 1 << i))];
        ITokenizer tokenizer = MyGptBpeCases.Build(["a"], [.. powers.Select(power => (power, power))]);
        Assert.Equal([20, 19, 0], tokenizer.Encode(new string('a', (1 << 20) + (1 << 19) + 1)));
    }

    [Fact]
    public void Encode_unknown_character_names_it_and_its_position()
    {
        string message = Assert.Throws<UnknownTextException>(() => MyGptBpeCases.Tokenizer.Encode("caf\u00E9")).Message;
        Assert.Equal("the vocabulary has no character '\u00E9' (U+00E9), found at character 3 of the text (counted from 0)", message);
    }

    [Fact]
    public void Encode_that_skips_unknown_characters_is_the_tutorials()
    {
        Assert.All(MyGptBpeCases.Unknown, c => Assert.Equal(c.CorpusIds, MyGptBpeCases.Tokenizer.Encode(c.Text, unknown: UnknownText.Skip)));
        ITokenizer tokenizer = MyGptBpeCases.Build(["h", "e"], [("h", "e")]);
        Assert.Equal([0, 1, 2], tokenizer.Encode("h\u20ACehe", unknown: UnknownText.Skip)); // no merge across it
    }

    private static void AssertSame(int[] expected, int[] actual, string text)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
            Assert.Fail($"{text}: [{string.Join(',', expected)}] needed, [{string.Join(',', actual)}] found");
    }
}
