using System.Text;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class Gpt2TokenizerTests
{
    [Fact]
    public void Encode_matches_the_official_ids()
    {
        Assert.Equal(310, Gpt2.EncodeCases.Count);
        Assert.All(Gpt2.EncodeCases, c => Assert.Equal(c.Ids, Gpt2.Tokenizer.Encode(c.Text)));
    }

    [Fact]
    public void Encode_with_special_tokens_matches_the_official_ids()
    {
        Assert.Contains(Gpt2.EncodeCases, c => c.Ids != c.IdsSpecial);
        Assert.All(Gpt2.EncodeCases, c => Assert.Equal(c.IdsSpecial, Gpt2.Tokenizer.Encode(c.Text, allowSpecial: true)));
    }

    [Fact]
    public void TokenBytes_match_the_official_bytes()
    {
        Assert.Equal(60, Gpt2.DecodeCases.Count);
        Assert.All(Gpt2.DecodeCases, c => Assert.Equal(c.Bytes, Bytes(c.Ids)));
    }

    [Fact]
    public void Encode_then_bytes_gives_the_text_back()
    {
        Assert.All(Gpt2.EncodeCases, c => Assert.Equal(Encoding.UTF8.GetBytes(c.Text), Bytes(c.Ids)));
        Assert.All(Gpt2.EncodeCases, c => Assert.Equal(Encoding.UTF8.GetBytes(c.Text), Bytes(c.IdsSpecial)));
    }

    [Fact]
    public void Encode_matches_reference_on_random_text_of_all_planes()
    {
        var random = new Random(20260117);
        for (int i = 0; i < 100_000; i++)
        {
            string text = RandomText.Next(random, maxCharacters: 14);
            AssertSame(ReferenceGpt2Encoder.Encode(text), Gpt2.Tokenizer.Encode(text), text);
        }
    }

    // A piece of up to BytePairMerger.ScanLimit bytes is merged by another routine than a longer one.
    [Fact]
    public void Encode_matches_reference_at_every_piece_length_around_the_change_of_routine()
    {
        var random = new Random(3);
        for (int length = BytePairMerger.ScanLimit - 12; length <= BytePairMerger.ScanLimit + 40; length++)
        {
            for (int i = 0; i < 8; i++)
            {
                string text = RandomText.Letters(random, length, alphabet: i % 2 == 0 ? "aeinorst" : "ab");
                AssertSame(ReferenceGpt2Encoder.Encode(text), Gpt2.Tokenizer.Encode(text), text);
            }
        }
    }

    [Theory]
    [InlineData("a", 24794, 4)]
    [InlineData("\u00C3\u00C2", 35496, 64)] // the longest token of the vocabulary
    public void Encode_of_a_million_equal_letters_is_one_token_over_and_over(string unit, int token, int charactersPerToken)
    {
        // Looking at every pair for every merge would take hours here; the queue takes a fraction of a second.
        string text = string.Concat(Enumerable.Repeat(unit, 1_048_576 / unit.Length));

        int[] ids = Gpt2.Tokenizer.Encode(text);

        Assert.Equal(text.Length / charactersPerToken, ids.Length);
        Assert.Equal(-1, ids.AsSpan().IndexOfAnyExcept(token));
    }

    [Fact]
    public void Encode_of_a_million_letters_without_pattern_gives_the_text_back()
    {
        string text = RandomText.Letters(new Random(8), 1_048_576, alphabet: "abcdefghijklmnopqrstuvwxyz");
        Assert.Equal(text, Gpt2.Tokenizer.Decode(Gpt2.Tokenizer.Encode(text)));
    }

    [Fact]
    public void Encode_does_not_depend_on_what_is_encoded_at_the_same_time()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(Gpt2.Data);
        Parallel.For(0, 8 * Gpt2.EncodeCases.Count, i =>
        {
            Gpt2.EncodeCase c = Gpt2.EncodeCases[i % Gpt2.EncodeCases.Count];
            bool special = i % 2 == 0;
            Assert.Equal(special ? c.IdsSpecial : c.Ids, tokenizer.Encode(c.Text, special));
        });
    }

    [Fact]
    public void Special_token_has_its_text_as_bytes_and_its_id_by_name()
    {
        Assert.Equal("<|endoftext|>"u8, Gpt2.Tokenizer.TokenBytes(50256));
        Assert.Equal(50256, Gpt2.Tokenizer.SpecialTokens["<|endoftext|>"]);
        Assert.Equal("<|endoftext|>", Gpt2.Tokenizer.Decode([50256]));
    }

    [Fact]
    public void TokenBytes_of_a_padded_id_are_empty_and_of_a_negative_one_an_error()
    {
        Assert.Equal(50257, Gpt2.Tokenizer.VocabSize);
        Assert.True(Gpt2.Tokenizer.TokenBytes(50257).IsEmpty);
        Assert.True(Gpt2.Tokenizer.TokenBytes(int.MaxValue).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => Gpt2.Tokenizer.TokenBytes(-1).Length);
    }

    private static byte[] Bytes(int[] ids) => [.. ids.SelectMany(id => Gpt2.Tokenizer.TokenBytes(id).ToArray())];

    private static void AssertSame(int[] expected, int[] actual, string text)
    {
        if (!expected.AsSpan().SequenceEqual(actual))
        {
            string codePoints = string.Join(' ', text.EnumerateRunes().Select(rune => $"{rune.Value:X}"));
            Assert.Fail($"{codePoints}: [{string.Join(',', expected)}] needed, [{string.Join(',', actual)}] found");
        }
    }
}
