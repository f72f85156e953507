namespace MyGpt.Checkpoints.Families;

/// <summary>The names that people give the parts of a GPT when they write it themselves, and what they call the fields of its config.</summary>
internal static class PlainNames
{
    public static readonly string[] LayerFields = ["n_layers", "n_layer", "num_layers", "num_hidden_layers", "depth"];

    public static readonly string[] WidthFields = ["d_model", "n_embd", "embed_dim", "emb_dim", "embedding_dim", "hidden_size", "d_embed", "dim"];

    public static readonly string[] ContextFields =
        ["context_length", "block_size", "max_seq_len", "seq_len", "context_size", "ctx_len", "max_position_embeddings", "n_positions", "n_ctx"];

    public static readonly string[] HiddenFields = ["d_ff", "d_mlp", "ff_dim", "mlp_dim", "intermediate_size"];

    public static readonly string[] EpsilonFields = ["layer_norm_epsilon", "layer_norm_eps", "norm_eps", "norm_epsilon", "ln_eps", "rms_norm_eps"];

    /// <summary>What some call the norm's epsilon, and some the optimizer's: the latter where <see cref="OptimizerFields"/> stand beside it.</summary>
    public const string ShortEpsilonField = "eps";

    public static readonly string[] OptimizerFields =
        ["lr", "learning_rate", "max_lr", "betas", "beta1", "beta2", "weight_decay", "optimizer", "optim"];

    public static readonly string[] ActivationFields = ["activation", "activation_function", "hidden_act", "act"];

    public static readonly string[] NormFields = ["norm", "norm_type"];

    public static readonly string[] RotaryBaseFields = ["rope_theta", "rope_base", "rotary_base", "theta"];

    public static readonly string[] BiasFields = ["bias", "use_bias"], QkvBiasFields = ["qkv_bias"];

    public static readonly string[] TiedFields = ["tie_word_embeddings", "tie_weights", "weight_tying"];

    public static readonly string[] PositionFields =
        ["position_type", "pos_type", "position", "position_encoding", "pos_encoding", "positional_encoding", "position_embedding_type", "pos_emb_type"];

    /// <summary>Fields that matter to training only.</summary>
    public static readonly string[] Harmless =
        ["dropout", "drop_rate", "batch_size", "learning_rate", "lr", "epochs", "max_iters", "weight_decay", "device", "seed"];

    public static readonly HeadFields HeadFields = new()
    {
        Count = ["n_heads", "num_heads", "n_head", "num_attention_heads"],
        KvCount = ["n_kv_heads", "num_kv_heads", "n_kv_head", "num_key_value_heads", "n_kv_groups"],
        Dim = ["head_dim", "head_size", "d_head"],
    };

    private static readonly string[] Attention = ["attn", "attention", "self_attn", "self_attention", "mha", "sa", "att"];

    private static readonly string[] Mlp = ["mlp", "ffn", "ff", "ffwd", "feed_forward", "feedforward"];

    /// <summary>All of them.</summary>
    public static readonly GptNames All = new()
    {
        Prefix = "transformer.",
        TokenEmbedding =
        [
            "wte", "tok_emb", "token_emb", "token_embedding", "tok_embedding", "token_embedding_table", "tok_embeddings", "embed_tokens",
            "embedding", "tok_embed",
        ],
        PositionEmbedding =
        [
            "wpe", "pos_emb", "position_emb", "position_embedding", "pos_embedding", "position_embedding_table", "positional_embedding",
            "pos_embed",
        ],
        PositionsMayBeRotary = true,
        Blocks = ["h.", "blocks.", "layers.", "transformer_blocks.", "trf_blocks."],
        AttentionNorm =
        [
            "ln_1", "ln1", "norm1", "norm_1", "attention_norm", "attn_norm", "input_layernorm", "rms_1", "rms1", "rmsnorm1", "ln_attn",
            "rms_norm_1",
        ],
        FusedQkv = Within(Attention, "c_attn", "qkv", "qkv_proj", "W_qkv", "in_proj", "to_qkv"),
        Query = Within(Attention, "q_proj", "query", "W_q", "W_Q", "wq", "W_query", "q", "to_q"),
        Key = Within(Attention, "k_proj", "key", "W_k", "W_K", "wk", "W_key", "k", "to_k"),
        Value = Within(Attention, "v_proj", "value", "W_v", "W_V", "wv", "W_value", "v", "to_v"),
        HeadLists = Within(Attention, "heads"),
        Projection = Within(Attention, "c_proj", "out_proj", "o_proj", "proj", "W_o", "W_O", "wo", "projection", "out", "to_out"),
        MlpNorm =
        [
            "ln_2", "ln2", "norm2", "norm_2", "ffn_norm", "mlp_norm", "post_attention_layernorm", "rms_2", "rms2", "rmsnorm2", "ln_mlp",
            "rms_norm_2",
        ],
        GatedMlps =
        [
            .. Gated("gate_proj", "up_proj", "down_proj"), .. Gated("w_gate", "w_up", "w_down"), .. Gated("gate", "up", "down"),
            .. Gated("w1", "w3", "w2", "the order of Llama's code"),
            .. Gated("w1", "w2", "w3", "w3 by its shape, and the gate comes first in xFormers' SwiGLU, which has these names"),
            .. Gated("fc1", "fc2", "fc3", "the order of Raschka's Llama"), .. Gated("fc_1", "fc_2", "proj", "the order of LitGPT"),
            .. Gated("c_fc2", "c_fc", "c_proj", "as in train_llama3.py of llm.c"),
        ],
        MlpUp = Within(Mlp, "c_fc", "fc1", "fc_1", "up_proj", "linear1", "up", "w1", "fc_in", "net.0", "layers.0", "0"),
        MlpDown = Within(Mlp, "c_proj", "fc2", "fc_2", "down_proj", "linear2", "down", "w2", "fc_out", "net.2", "layers.2", "2"),
        FinalNorm = ["ln_f", "final_norm", "ln_final", "norm_f", "norm", "final_layer_norm", "final_ln", "rms_f", "rmsnorm", "final_rmsnorm"],
        FinalNormMayBeAbsent = true,
        Head = ["lm_head", "head", "out_head", "output", "unembed", "fc_out", "output_head"],
        AbsentHead = AbsentHead.MayBeTied,
    };

    private static string[] Within(string[] modules, params string[] parts) =>
        [.. modules.SelectMany(_ => parts, (module, part) => $"{module}.{part}")];

    private static IEnumerable<GatedMlpNames> Gated(string gate, string up, string down, string? convention = null) =>
        Mlp.Select(module => new GatedMlpNames($"{module}.{gate}", $"{module}.{up}", $"{module}.{down}", convention));
}
