using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The GPT10.4 tutorial: <c>out/ckpt.pt</c> with a config of d_model, n_layers, n_heads and context_length, and a state dict. People
/// type the model themselves, so names are taken in the spellings that are usual.
/// </summary>
/// <remarks>www.aideepdive.dev/build-gpt.</remarks>
internal sealed class Gpt104 : IFamily
{
    private const string Config = "config", Model = "model", Activation = "activation";

    private static readonly string[] Fields = ["d_model", "n_layers", "n_heads", "context_length"];

    private static readonly string[] Attention = ["attn", "attention", "self_attn", "mha"];

    private static readonly string[] Mlp = ["mlp", "ffn", "ff", "ffwd", "feed_forward"];

    private static readonly GptNames Names = new()
    {
        Prefix = "transformer.",
        TokenEmbedding = ["wte", "tok_emb", "token_emb", "token_embedding", "tok_embedding", "token_embedding_table"],
        PositionEmbedding = ["wpe", "pos_emb", "position_emb", "position_embedding", "pos_embedding", "position_embedding_table"],
        Blocks = ["h", "blocks", "layers"],
        AttentionNorm = ["ln_1", "ln1", "norm1", "norm_1"],
        FusedQkv = Within(Attention, "c_attn", "qkv", "qkv_proj", "W_qkv"),
        Query = Within(Attention, "q_proj", "query", "W_q", "W_Q", "wq"),
        Key = Within(Attention, "k_proj", "key", "W_k", "W_K", "wk"),
        Value = Within(Attention, "v_proj", "value", "W_v", "W_V", "wv"),
        Projection = Within(Attention, "c_proj", "out_proj", "o_proj", "proj", "W_o", "W_O", "wo"),
        MlpNorm = ["ln_2", "ln2", "norm2", "norm_2"],
        MlpUp = Within(Mlp, "c_fc", "fc1", "fc_1", "up_proj", "linear1"),
        MlpDown = Within(Mlp, "c_proj", "fc2", "fc_2", "down_proj", "linear2"),
        FinalNorm = ["ln_f", "final_norm", "ln_final", "norm_f", "norm"],
        Head = ["lm_head", "head", "out_head"],
        Masks = Within(Attention, "mask", "bias", "causal_mask", "masked_bias", "tril"),
    };

    public string Name => "GPT10.4";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        var root = checkpoint.Root as DictValue;
        if (root?.Get<DictValue>(Config) is not { } config || root.Get<DictValue>(Model) is null)
            return null;
        string[] fields = [.. Fields.Where(field => config.TryGet(field, out _))];
        return fields.Length < 2 ? null
            : new Recognition(fields.Length, $"a config with {string.Join(", ", fields)} beside a state dict named {Model}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        var config = new ConfigReader(root.Get<DictValue>(Config)!, Config);
        int heads = config.RequiredSize("n_heads", "num_heads", "n_head");
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(root.Get<DictValue>(Model)!, Names.Prefix, report), Names, report);
        config.Expect(gpt.LayerCount, "the number of layers", "n_layers", "num_layers", "n_layer");
        config.Expect(gpt.EmbeddingDim, "the token embedding", "d_model", "n_embd", "embed_dim");
        config.Expect(gpt.ContextLength, "the position embedding", "context_length", "block_size", "max_seq_len");
        config.Expect(gpt.VocabSize, "the token embedding", "vocab_size");
        config.Expect(gpt.MlpDim, "the MLP's first matrix", "d_ff", "d_mlp");
        config.Expect(heads, "n_heads", "n_kv_heads", "num_kv_heads");
        float? epsilon = config.Positive("layer_norm_epsilon", "layer_norm_eps", "norm_eps", "ln_eps");
        string? stated = config.Text(Activation, "activation_function") ?? root.Get<TextValue>(Activation)?.Value;
        config.WarnUnread(report, "dropout", "bias");

        heads = HeadChoice.FromConfig(options, heads, "n_heads", gpt.EmbeddingDim);
        ActivationKind activation = ActivationChoice.Choose(options, stated, ActivationKind.GeluTanh,
            "GPT-2's form; the file does not say (if the model has nn.GELU() without approximate='tanh': --activation gelu-erf)", report);
        if (epsilon is null)
            report.Assumed("LayerNorm epsilon 1e-5: the default of nn.LayerNorm; the file does not say");
        Leftovers.Report(root, [Config, Model, Activation], report);

        return new FamilyModel
        {
            Config = gpt.ToConfig(heads, activation, epsilon ?? 1e-5f),
            Tensors = gpt.Sources,
            Vocabulary = () => Gpt2Vocabularies.ForSize(gpt.VocabSize, report),
            Generation = StartWithEndOfText,
        };
    }

    // GPT-2's own convention: documents in training are separated by this token, so a text begins after one.
    private static GenerationDefaults StartWithEndOfText(TokenizerData? vocabulary) => new()
    {
        StartToken = vocabulary is not null && vocabulary.SpecialTokens.TryGetValue(Gpt2Vocabulary.EndOfText, out int id) ? id : null,
    };

    private static string[] Within(string[] modules, params string[] parts) =>
        [.. modules.SelectMany(_ => parts, (module, part) => $"{module}.{part}")];
}
