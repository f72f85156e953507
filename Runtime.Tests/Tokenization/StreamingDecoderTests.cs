using System.Text;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Tokenization;

public class StreamingDecoderTests
{
    [Fact]
    public void Append_token_by_token_equals_the_whole_text()
    {
        Assert.All(Gpt2.EncodeCases, c => Assert.Equal(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(c.Text)), Stream(Gpt2.Tokenizer, c.Ids)));
        Assert.All(Gpt2.DecodeCases, c => Assert.Equal(Encoding.UTF8.GetString(c.Bytes), Stream(Gpt2.Tokenizer, c.Ids)));
    }

    [Fact]
    public void Append_equals_the_whole_at_every_split_of_hostile_bytes()
    {
        // Valid characters of every length, overlong forms, surrogates, beyond U+10FFFF, lone and missing continuation bytes.
        byte[] bytes =
        [
            0x41, 0xC3, 0xA9, 0xE2, 0x82, 0xAC, 0xF0, 0x9F, 0x98, 0x80, 0xC0, 0x80, 0xE0, 0x80, 0x80, 0xED, 0xA0, 0x80, 0xF4, 0x90, 0x80, 0x80,
            0xF0, 0x9F, 0x41, 0xE2, 0x82, 0xF0, 0x9F, 0x98, 0x80, 0x80, 0xF5, 0xFF, 0xC3, 0xE2, 0x41, 0xF0, 0x9F, 0x98,
        ];
        for (int first = 0; first <= bytes.Length; first++)
        {
            for (int second = first; second <= bytes.Length; second++)
                AssertStreamEqualsWhole([bytes[..first], bytes[first..second], bytes[second..]]);
        }
    }

    [Fact]
    public void Append_equals_the_whole_for_random_bytes_in_random_pieces()
    {
        var random = new Random(11);
        byte[] alphabet = [0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC2, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF3, 0xF4, 0xF5];
        for (int i = 0; i < 5_000; i++)
        {
            List<byte[]> tokens = [];
            for (int count = random.Next(8); count >= 0; count--)
                tokens.Add(random.GetItems(alphabet, random.Next(1, 4)));
            AssertStreamEqualsWhole(tokens);
        }
    }

    [Fact]
    public void Append_hands_out_a_character_with_its_last_byte()
    {
        var decoder = new StreamingDecoder(new ListTokenizer([[0xF0], [0x9F], [0x98], [0x80, 0x41]]));
        Assert.Equal("", decoder.Append(0));
        Assert.Equal("", decoder.Append(1));
        Assert.Equal("", decoder.Append(2));
        Assert.Equal("\U0001F600A", decoder.Append(3));
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void Flush_replaces_what_is_incomplete_once()
    {
        var decoder = new StreamingDecoder(new ListTokenizer([[0xE2, 0x82]]));
        Assert.Equal("", decoder.Append(0));
        Assert.Equal("\uFFFD", decoder.Flush());
        Assert.Equal("", decoder.Flush());
    }

    [Fact]
    public void Append_separates_words_but_puts_nothing_before_the_first()
    {
        ITokenizer words = TokenizerFactory.Create(TokenizerDataBuilder.Words(["to", "be", ""]));
        Assert.Equal("to be be", Stream(words, [0, 1, 1]));
        Assert.Equal("to be", Stream(words, [2, 0, 2, 77, 1, 2])); // ids without text separate nothing
    }

    [Fact]
    public void Append_separates_the_first_word_from_text_that_precedes()
    {
        ITokenizer words = TokenizerFactory.Create(TokenizerDataBuilder.Words(["to", "be"]));
        var decoder = new StreamingDecoder(words, textPrecedes: true);
        Assert.Equal(" to", decoder.Append(0));

        decoder.Reset();
        Assert.Equal("be", decoder.Append(1));
        decoder.Reset(textPrecedes: true);
        Assert.Equal(" be", decoder.Append(1));
    }

    [Fact]
    public void Append_closes_an_incomplete_character_before_a_separator()
    {
        Assert.Equal("\uFFFD \uFFFD", Stream(new ListTokenizer([[0xC3], [0xA9]], " "u8.ToArray()), [0, 1]));
    }

    [Fact]
    public void Reset_drops_pending_bytes()
    {
        var decoder = new StreamingDecoder(new ListTokenizer([[0xC3], [0xA9]]));
        Assert.Equal("", decoder.Append(0));
        decoder.Reset();
        Assert.Equal("\uFFFD", decoder.Append(1));
    }

    [Fact]
    public void Append_of_a_token_longer_than_the_buffer_gives_all_of_it()
    {
        byte[] longToken = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("\u00E9", 5_000)));
        Assert.Equal(new string('\u00E9', 5_000), new StreamingDecoder(new ListTokenizer([longToken])).Append(0));
    }

    [Fact]
    public void Append_allocates_nothing()
    {
        int[] ids = Gpt2.Tokenizer.Encode("Machine learning is \U0001F600 caf\u00E9 \u4F60\u597D <|endoftext|> \uFFFD");
        var decoder = new StreamingDecoder(Gpt2.Tokenizer);
        AppendAll(); // the decoder makes its replacement buffer on first use

        Assert.Equal(0, Allocations.Of(AppendAll));

        void AppendAll()
        {
            foreach (int id in ids)
                decoder.Append(id);
            decoder.Append(250); // a lone continuation byte
        }
    }

    [Fact]
    public void Decode_of_words_and_of_nothing()
    {
        ITokenizer words = TokenizerFactory.Create(TokenizerDataBuilder.Words(["to", "be", ""]));
        Assert.Equal("to be", words.Decode([2, 0, 99, 1]));
        Assert.Equal("", words.Decode([]));
    }

    private static void AssertStreamEqualsWhole(List<byte[]> tokens)
    {
        var tokenizer = new ListTokenizer(tokens);
        int[] ids = [.. Enumerable.Range(0, tokens.Count)];
        string whole = Encoding.UTF8.GetString([.. tokens.SelectMany(token => token)]);
        Assert.Equal(whole, Stream(tokenizer, ids));
        Assert.Equal(whole, tokenizer.Decode(ids));
    }

    private static string Stream(ITokenizer tokenizer, int[] ids)
    {
        var decoder = new StreamingDecoder(tokenizer);
        var text = new StringBuilder();
        foreach (int id in ids)
            text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }
}
