using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>What myGPT makes of configs and tokenizers.</summary>
public class MyGptTests
{
    [Theory]
    [InlineData("norm_type", "rms", "norm_type = rms, but the norms have biases")]
    [InlineData("norm_type", "batch", "norm is 'batch', none that we know")]
    [InlineData("position_type", "rope", "'position_embedding.weight' of shape [3, 4] has no place")]
    [InlineData("position_type", "alibi", "position_type = 'alibi'; 'learned' and 'rope' are known")]
    [InlineData("num_kv_heads", 1, "num_kv_heads = 1, but the key matrix says 2")]
    [InlineData("tokenizer_kind", null, null)]
    public void Convert_myGPT_refuses_a_config_that_contradicts_the_tensors(string field, object? value, string? reason)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = MyGpt(
            [("embed_dim", 4), ("num_heads", 2), ("num_layers", 1), ("max_seq_len", 3), ("vocab_size", 5), (field, value)], []);

        if (reason is not null)
            Assert.Contains(reason, Conversion.Refuse(checkpoint), StringComparison.Ordinal);
        else
            Conversion.Convert(folder, checkpoint).Model.Dispose();
    }

    [Fact]
    public void Convert_myGPT_refuses_a_tokenizer_of_another_kind_unless_a_vocabulary_is_given()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = MyGpt([("embed_dim", 4), ("num_heads", 2)], [("tokenizer_kind", "bpe")]);
        File.WriteAllText(folder.File("vocab.txt"), "a\nb\nc\nd\ne\n");

        Assert.Contains("tokenizer_kind is 'bpe', but tokenizer_state has no lists chars and merges", Conversion.Refuse(checkpoint), StringComparison.Ordinal);
        using ModelFile model = Conversion.Convert(folder, checkpoint, new ConvertOptions { VocabPath = folder.File("vocab.txt") }).Model;
        Assert.Equal(5, model.Description.Tokenizer!.TokenCount);
    }

    [Theory]
    [InlineData(new[] { "a", "b", "a" }, "token 2")]
    [InlineData(new[] { "a", "bc" }, "token 1 is 'bc'; one character was needed")]
    [InlineData(new[] { "a", "b", "c", "d", "e", "f" }, "more tokens than the model, which has 5")]
    public void Convert_myGPT_refuses_characters_that_are_none(string[] characters, string reason)
    {
        byte[] checkpoint = MyGpt([("embed_dim", 4), ("num_heads", 2)], [("tokenizer_chars", new List<object?>(characters))]);

        Assert.Contains(reason, Conversion.Refuse(checkpoint), StringComparison.Ordinal);
    }

    private static byte[] MyGpt((object, object?)[] config, (object, object?)[] others)
    {
        const int Width = 4;
        List<(object, object?)> state =
        [
            ("token_embedding.embedding.weight", TestTensor.Random(1, 5, Width)),
            ("position_embedding.weight", TestTensor.Random(2, 3, Width)),
            .. new[] { "ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias", "mlp.fc2.bias" }
                .Select(name => ((object)$"blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
            .. new[] { "mha.W_Q", "mha.W_K", "mha.W_V", "mha.W_O" }
                .Select(name => ((object)$"blocks.0.{name}.weight", (object?)TestTensor.Random(4, Width, Width))),
            ("blocks.0.mlp.fc1.weight", TestTensor.Random(5, 6, Width)), ("blocks.0.mlp.fc1.bias", TestTensor.Random(6, 6)),
            ("blocks.0.mlp.fc2.weight", TestTensor.Random(7, Width, 6)),
            ("ln_f.weight", TestTensor.Random(8, Width)), ("ln_f.bias", TestTensor.Random(9, Width)),
        ];
        return TinyCheckpoint.Archive((List<(object, object?)>)[("model_state_dict", state), ("config", config.ToList()), .. others]);
    }
}
