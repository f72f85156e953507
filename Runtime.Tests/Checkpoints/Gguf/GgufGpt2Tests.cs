using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>What becomes of a GPT-2 in GGUF.</summary>
public class GgufGpt2Tests
{
    private static readonly GptConfig Expected = new()
    {
        VocabSize = TinyGguf.VocabSize,
        ContextLength = TinyGguf.ContextLength,
        EmbeddingDim = TinyGguf.Width,
        LayerCount = TinyGguf.Layers,
        HeadCount = TinyGguf.Heads,
        KvHeadCount = TinyGguf.Heads,
        HeadDim = TinyGguf.Width / TinyGguf.Heads,
        MlpDim = TinyGguf.Hidden,
        Activation = ActivationKind.GeluTanh,
        NormBias = true,
        NormEpsilon = 2e-5f,
        QkvBias = true,
        ProjectionBias = true,
        MlpUpBias = true,
        MlpDownBias = true,
        TiedHead = true,
    };

    [Fact]
    public void Convert_gives_the_logits_of_the_reference()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var tiny = new TinyGguf();
        int[] ids = [258, 83, 7, 256, 0];
        (ConversionReport report, ModelFile file) = Conversion.Convert(folder, tiny.File.ToArray());
        Assert.Equal("GGUF GPT-2", report.Family);
        Assert.Equal(Expected, report.Config);
        file.Dispose();

        double[][] expected = new ReferenceGpt(Expected, name => tiny.Numbers[name]).Forward(ids);

        using LanguageModel model = LanguageModel.Open(folder.File("weights.bin"));
        using var cache = new KvCache(model.Gpt.Config);
        using var activations = new Activations(model.Gpt.Config, threads: 1);
        var batch = new TokenBatch();
        batch.Add(cache, ids, LogitRows.All);
        double[] actual = [.. model.Gpt.Forward(batch, activations).ToArray().Select(logit => (double)logit)];
        double[] flat = [.. expected.SelectMany(row => row)];
        double largest = flat.Max(Math.Abs);
        Assert.Equal(flat.Length, actual.Length);
        Assert.All(flat.Zip(actual), pair => Assert.InRange(Math.Abs(pair.First - pair.Second), 0, 3e-6 * largest));
    }

    [Fact]
    public void Convert_takes_the_vocabulary_and_its_special_tokens_from_the_metadata()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using ModelFile model = Conversion.Convert(folder, new TinyGguf().File.ToArray()).Model;

        ITokenizer tokenizer = TokenizerFactory.Create(model.Description.Tokenizer!);

        Assert.Equal([257, 220, 256], tokenizer.Encode("the th"));
        Assert.Equal(new GenerationDefaults { StartToken = 258, EndToken = 258 }, model.Description.Generation);
        Assert.Equal(258, model.Description.Tokenizer!.SpecialTokens["<|endoftext|>"]);
    }

    [Theory]
    [InlineData("default")]
    [InlineData("gpt-2")]
    [InlineData("gpt2")]
    public void Convert_takes_a_vocabulary_that_is_split_as_GPT2_splits(string splitting)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using ModelFile model = Conversion.Convert(
            folder, new TinyGguf().File.With("tokenizer.ggml.pre", TestGguf.Text(splitting)).ToArray()).Model;

        Assert.Equal(TinyGguf.VocabSize, model.Description.Tokenizer!.TokenCount);
    }

    [Fact]
    public void Convert_takes_a_model_that_splits_text_in_another_way_when_a_vocabulary_is_given()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("vocab.txt"), string.Join('\n', Enumerable.Range(0, TinyGguf.VocabSize).Select(id => $"w{id}")) + "\n");
        byte[] checkpoint = new TinyGguf().File.With("tokenizer.ggml.pre", TestGguf.Text("llama-bpe")).ToArray();

        using ModelFile model = Conversion.Convert(folder, checkpoint, new ConvertOptions { VocabPath = folder.File("vocab.txt") }).Model;

        Assert.Equal(TinyGguf.VocabSize, model.Description.Tokenizer!.TokenCount);
    }

    [Theory]
    [InlineData(12U, "Q4_K")]
    [InlineData(14U, "Q6_K")]
    [InlineData(20U, "IQ4_NL")]
    public void Convert_refuses_a_type_that_is_not_read_by_name(uint type, string name)
    {
        TestGguf file = new TinyGguf().File;
        int at = file.Tensors.FindIndex(tensor => tensor.Name == "blk.1.ffn_up.weight");
        file.Tensors[at] = file.Tensors[at] with { Type = type };

        string message = Conversion.Refuse(file.ToArray());

        Assert.Contains($"'blk.1.ffn_up.weight' is a tensor of type {name}, which is not read", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("architecture", "architecture is 'llama'")]
    [InlineData("layers", "gpt2.block_count = 3, but the number of layers says 2")]
    [InlineData("width", "gpt2.embedding_length = 64, but token_embd.weight says 32")]
    [InlineData("hidden", "gpt2.feed_forward_length = 128, but ffn_up.weight says 96")]
    [InlineData("heads", "= 5, which does not divide the width 32")]
    [InlineData("end token", "tokenizer.ggml.eos_token_id is 259; one of the model's ids, 0 to 258")]
    [InlineData("no merges", "tokenizer.ggml.tokens and no tokenizer.ggml.merges")]
    [InlineData("merge of three", "item 0 is 't h e'")]
    [InlineData("token twice", "'!' is there twice, the second time as token 1")]
    [InlineData("split as Llama 3", "tokenizer.ggml.pre is 'llama-bpe', another way to split text than GPT-2's")]
    [InlineData("split by a number", "tokenizer.ggml.pre is an integer, another way")]
    [InlineData("types of others", "tokenizer.ggml.token_type has 1 items for 2 tokens")]
    public void Convert_refuses_metadata_that_contradicts_the_model(string change, string reason)
    {
        TestGguf file = new TinyGguf().File;
        _ = change switch
        {
            "architecture" => file.With("general.architecture", TestGguf.Text("llama")),
            "layers" => file.With("gpt2.block_count", TestGguf.UInt32(3)),
            "width" => file.With("gpt2.embedding_length", TestGguf.UInt32(64)),
            "hidden" => file.With("gpt2.feed_forward_length", TestGguf.UInt32(128)),
            "heads" => file.With("gpt2.attention.head_count", TestGguf.UInt32(5)),
            "end token" => file.With("tokenizer.ggml.eos_token_id", TestGguf.UInt32(259)),
            "no merges" => file.With("tokenizer.ggml.merges", TestGguf.UInt8(0)),
            "split as Llama 3" => file.With("tokenizer.ggml.pre", TestGguf.Text("llama-bpe")),
            "split by a number" => file.With("tokenizer.ggml.pre", TestGguf.UInt32(1)),
            "merge of three" => file.With("tokenizer.ggml.merges", TestGguf.Texts("t h e")),
            "token twice" => file.With("tokenizer.ggml.tokens", TestGguf.Texts("!", "!")),
            _ => file.With("tokenizer.ggml.tokens", TestGguf.Texts("!", "?")).With("tokenizer.ggml.token_type", TestGguf.Int32s(1)),
        };

        Assert.Contains(reason, Conversion.Refuse(file.ToArray()), StringComparison.Ordinal);
    }
}
