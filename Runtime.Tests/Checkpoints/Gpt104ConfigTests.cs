using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>What GPT10.4 makes of names and configs.</summary>
public class Gpt104ConfigTests
{
    [Fact]
    public void Convert_separate_query_key_value_stacks_them()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = Gpt104(names: ["attn.q_proj", "attn.k_proj", "attn.v_proj"], config: [("norm", "layer"), ("activation", "gelu")]);

        using ModelFile model = Conversion.Convert(folder, checkpoint).Model;

        uint[] qkv = Conversion.Tensors(model)["blocks.0.attention.qkv.weight"];
        Assert.Equal([1f, 2f, 3f], new[] { qkv[0], qkv[16], qkv[32] }.Select(BitConverter.UInt32BitsToSingle));
    }

    [Theory]
    [InlineData("gelu_tanh", ActivationKind.GeluTanh)]
    [InlineData("gelu", ActivationKind.GeluErf)]
    [InlineData("relu", ActivationKind.Relu)]
    [InlineData("relu2", ActivationKind.ReluSquared)]
    public void Convert_GPT104_takes_the_activation_of_the_config(string stated, ActivationKind expected)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        using ModelFile model = Conversion.Convert(folder, Gpt104(["attn.c_attn"], [("activation", stated)])).Model;

        Assert.Equal(expected, model.Description.Config.Activation);
    }

    [Fact]
    public void Convert_GPT104_refuses_an_activation_that_it_does_not_know()
    {
        string message = Conversion.Refuse(Gpt104(["attn.c_attn"], [("activation", "mish")]));

        Assert.Contains("'mish'", message, StringComparison.Ordinal);
        Assert.Contains("--activation", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_GPT104_takes_the_epsilon_of_the_config()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        using ModelFile model = Conversion.Convert(folder, Gpt104(["attn.c_attn"], [("layer_norm_eps", 1e-6)])).Model;

        Assert.Equal(1e-6f, model.Description.Config.NormEpsilon);
    }

    [Theory]
    [InlineData("n_kv_heads", 1, "n_kv_heads = 1, but the key matrix says 2")]
    [InlineData("layer_norm_eps", 0.0, "layer_norm_eps is 0")]
    [InlineData("d_ff", 16, "d_ff = 16, but the MLP's first matrix says 6")]
    public void Convert_GPT104_refuses_a_config_that_it_cannot_follow(string field, object value, string reason) =>
        Assert.Contains(reason, Conversion.Refuse(Gpt104(["attn.c_attn"], [(field, value)])), StringComparison.Ordinal);

    private static byte[] Gpt104(string[] names, (object, object?)[] config)
    {
        const int Width = 4;
        List<(object, object?)> state =
        [
            ("wte.weight", TestTensor.Random(1, 5, Width)), ("wpe.weight", TestTensor.Random(2, 3, Width)),
            ("h.0.ln_1.weight", TestTensor.Random(3, Width)), ("h.0.attn.c_proj.weight", TestTensor.Random(4, Width, Width)),
            ("h.0.ln_2.weight", TestTensor.Random(5, Width)), ("h.0.mlp.c_fc.weight", TestTensor.Random(6, 6, Width)),
            ("h.0.mlp.c_proj.weight", TestTensor.Random(7, Width, 6)), ("ln_f.weight", TestTensor.Random(8, Width)),
        ];
        int rows = 3 * Width / names.Length;
        for (int i = 0; i < names.Length; i++)
            state.Add(($"h.0.{names[i]}.weight", TestTensor.Of([.. Enumerable.Repeat(i + 1f, rows * Width)], rows, Width)));
        List<(object, object?)> fields = [("d_model", Width), ("n_layers", 1), ("n_heads", 2), ("context_length", 3), .. config];
        return TinyCheckpoint.Archive((List<(object, object?)>)[("config", fields), ("model", state)]);
    }
}
