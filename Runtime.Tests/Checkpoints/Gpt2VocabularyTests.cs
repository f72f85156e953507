using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class Gpt2VocabularyTests
{
    [Fact]
    public void Create_has_the_sizes_and_ends_of_gpt2()
    {
        TokenizerData data = Gpt2Vocabulary.Create();
        ITokenizer tokenizer = TokenizerFactory.Create(data);
        Assert.Equal(50257, data.TokenCount);
        Assert.Equal(50_000 * 12, data.Merges.Length);
        Assert.Equal("!", tokenizer.Decode([0]));
        Assert.Equal(" ", tokenizer.Decode([220]));
        Assert.Equal(" t", tokenizer.Decode([256]));
        Assert.Equal(" gazed", tokenizer.Decode([50255]));
        Assert.Equal("<|endoftext|>", tokenizer.Decode([50256]));
    }

    [Fact]
    public void Embedded_merges_are_the_published_file()
    {
        using Stream merges = typeof(Gpt2Vocabulary).Assembly.GetManifestResourceStream("gpt2-vocab.bpe")!;
        string hash = Convert.ToHexStringLower(SHA256.HashData(merges));
        Assert.Contains(hash, File.ReadAllText(Path.Combine(TestFiles.Root, "THIRD-PARTY-NOTICES")), StringComparison.Ordinal);
        Assert.Equal("1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5", hash);
    }

    [SharedFact]
    public void Create_has_the_ids_of_the_published_encoder()
    {
        ITokenizer tokenizer = TokenizerFactory.Create(Gpt2Vocabulary.Create());
        using JsonDocument encoder = JsonDocument.Parse(File.ReadAllBytes(TestFiles.SharedFile("fixtures/tokenizer/encoder.json")));
        Dictionary<char, byte> bytes = ByteOfSpelling();
        int count = 0;
        foreach (JsonProperty token in encoder.RootElement.EnumerateObject())
        {
            byte[] expected = token.Name == "<|endoftext|>"
                ? Encoding.UTF8.GetBytes(token.Name)
                : [.. token.Name.Select(c => bytes[c])];
            Assert.Equal(expected, tokenizer.TokenBytes(token.Value.GetInt32()));
            count++;
        }
        Assert.Equal(tokenizer.VocabSize, count);
    }

    // encoder.json spells a byte as itself where Latin-1 prints it, else as the next character from U+0100 on.
    private static Dictionary<char, byte> ByteOfSpelling()
    {
        var bytes = new Dictionary<char, byte>();
        char next = '\u0100';
        for (int value = 0; value < 256; value++)
        {
            bool prints = value is (> 0x20 and < 0x7F) or (> 0xA0 and not 0xAD);
            bytes.Add(prints ? (char)value : next++, (byte)value);
        }
        return bytes;
    }
}
