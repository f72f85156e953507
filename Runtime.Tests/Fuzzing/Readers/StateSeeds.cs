using MyGpt.Runtime.Tests.Checkpoints;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>State dicts of several families, as small as they can be: V 5, C 4, one layer.</summary>
internal static class StateSeeds
{
    private const int Width = 4;

    private static readonly float[] Angles = [0, 0, 0, 0, 1, 1, 0.01f, 0.01f, 2, 2, 0.02f, 0.02f];

    public static List<(object, object?)> Gpt104Config => [("d_model", Width), ("n_layers", 1), ("n_heads", 2), ("context_length", 3)];

    public static List<(object, object?)> Gpt104() =>
    [
        ("wte.weight", TestTensor.Random(1, 5, Width)), ("wpe.weight", TestTensor.Random(2, 3, Width)),
        ("h.0.ln_1.weight", TestTensor.Random(3, Width)), ("h.0.attn.c_attn.weight", TestTensor.Random(9, 3 * Width, Width)),
        ("h.0.attn.c_proj.weight", TestTensor.Random(4, Width, Width)), ("h.0.ln_2.weight", TestTensor.Random(5, Width)),
        ("h.0.mlp.c_fc.weight", TestTensor.Random(6, 6, Width)), ("h.0.mlp.c_proj.weight", TestTensor.Random(7, Width, 6)),
        ("ln_f.weight", TestTensor.Random(8, Width)),
    ];

    public static List<(object, object?)> MyGptConfig => [("embed_dim", Width), ("num_heads", 2), ("num_layers", 1), ("max_seq_len", 3), ("vocab_size", 5)];

    public static List<(object, object?)> MyGpt() =>
    [
        .. MyGptModern(), ("position_embedding.weight", TestTensor.Random(2, 3, Width)),
        .. new[] { "blocks.0.ln1.bias", "blocks.0.ln2.bias", "ln_f.bias" }.Select(name => ((object)name, (object?)TestTensor.Random(3, Width))),
    ];

    /// <summary>With RMSNorm and rotary positions.</summary>
    public static List<(object, object?)> MyGptModern() =>
    [
        ("token_embedding.embedding.weight", TestTensor.Random(1, 5, Width)),
        .. new[] { "ln1.weight", "ln2.weight", "mlp.fc2.bias" }.Select(name => ((object)$"blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
        .. new[] { "mha.W_Q", "mha.W_K", "mha.W_V", "mha.W_O" }
            .Select(name => ((object)$"blocks.0.{name}.weight", (object?)TestTensor.Random(4, Width, Width))),
        ("blocks.0.mlp.fc1.weight", TestTensor.Random(5, 6, Width)), ("blocks.0.mlp.fc1.bias", TestTensor.Random(6, 6)),
        ("blocks.0.mlp.fc2.weight", TestTensor.Random(7, Width, 6)), ("ln_f.weight", TestTensor.Random(8, Width)),
    ];

    public static List<(object, object?)> PlainConfig => [("n_heads", 1), ("context_length", 3), ("rope_theta", 10000), ("norm_type", "rms"), ("norm_eps", 1e-6)];

    /// <summary>What people write after the tutorials: rotary positions with a table of their angles, a gated MLP, RMSNorm.</summary>
    public static List<(object, object?)> Plain() =>
    [
        ("tok_embeddings.weight", TestTensor.Random(1, 5, Width)), ("layers.0.attention_norm.weight", TestTensor.Random(2, Width)),
        ("layers.0.attention.wq.weight", TestTensor.Random(3, Width, Width)), ("layers.0.attention.wk.weight", TestTensor.Random(4, Width, Width)),
        ("layers.0.attention.wv.weight", TestTensor.Random(5, Width, Width)), ("layers.0.attention.wo.weight", TestTensor.Random(6, Width, Width)),
        ("layers.0.attention.rope_cos", TestTensor.Of([.. Angles.Select(MathF.Cos)], 3, Width)), ("layers.0.ffn_norm.weight", TestTensor.Random(7, Width)),
        ("layers.0.feed_forward.w1.weight", TestTensor.Random(8, 6, Width)), ("layers.0.feed_forward.w3.weight", TestTensor.Random(9, 6, Width)),
        ("layers.0.feed_forward.w2.weight", TestTensor.Random(10, Width, 6)), ("norm.weight", TestTensor.Random(11, Width)),
        ("output.weight", TestTensor.Random(12, 5, Width)),
    ];

    /// <summary>Hugging Face's GPT-2, in which matrices are transposed and the hidden size is 4 C.</summary>
    public static List<(object Name, object? Tensor)> HuggingFace() =>
    [
        ("wte.weight", TestTensor.Random(1, 5, Width)), ("wpe.weight", TestTensor.Random(2, 3, Width)),
        .. new[] { "ln_1.weight", "ln_1.bias", "ln_2.weight", "ln_2.bias", "attn.c_proj.bias", "mlp.c_proj.bias" }
            .Select(name => ((object)$"h.0.{name}", (object?)TestTensor.Random(3, Width))),
        ("h.0.attn.c_attn.weight", TestTensor.Random(4, Width, 3 * Width)), ("h.0.attn.c_attn.bias", TestTensor.Random(5, 3 * Width)),
        ("h.0.attn.c_proj.weight", TestTensor.Random(6, Width, Width)), ("h.0.mlp.c_fc.weight", TestTensor.Random(7, Width, 4 * Width)),
        ("h.0.mlp.c_fc.bias", TestTensor.Random(8, 4 * Width)), ("h.0.mlp.c_proj.weight", TestTensor.Random(9, 4 * Width, Width)),
        ("ln_f.weight", TestTensor.Random(10, Width)), ("ln_f.bias", TestTensor.Random(11, Width)),
    ];

    /// <summary>The lecture's, in which each head has its own matrices: the only bare state dict that says how many heads it has.</summary>
    public static List<(object Name, object? Tensor)> Lecture() =>
    [
        ("token_embedding_table.weight", TestTensor.Random(1, 5, Width)), ("position_embedding_table.weight", TestTensor.Random(2, 3, Width)),
        .. new[] { "ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias", "sa.proj.bias", "ffwd.net.2.bias" }
            .Select(name => ((object)$"blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
        .. from head in new[] { 0, 1 }
           from matrix in new[] { "key", "query", "value" }
           select ((object)$"blocks.0.sa.heads.{head}.{matrix}.weight", (object?)TestTensor.Random(4 + head, 2, Width)),
        ("blocks.0.sa.proj.weight", TestTensor.Random(6, Width, Width)), ("blocks.0.ffwd.net.0.weight", TestTensor.Random(7, 6, Width)),
        ("blocks.0.ffwd.net.0.bias", TestTensor.Random(8, 6)), ("blocks.0.ffwd.net.2.weight", TestTensor.Random(9, Width, 6)),
        ("ln_f.weight", TestTensor.Random(10, Width)), ("ln_f.bias", TestTensor.Random(11, Width)),
        ("lm_head.weight", TestTensor.Random(12, 5, Width)), ("lm_head.bias", TestTensor.Random(13, 5)),
    ];

    /// <summary>Raschka's, with a mask.</summary>
    public static List<(object Name, object? Tensor)> Raschka() =>
    [
        ("tok_emb.weight", TestTensor.Random(1, 5, Width)), ("pos_emb.weight", TestTensor.Random(2, 3, Width)),
        .. new[] { "norm1.scale", "norm1.shift", "norm2.scale", "norm2.shift", "att.out_proj.bias", "ff.layers.2.bias" }
            .Select(name => ((object)$"trf_blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
        .. new[] { "att.W_query", "att.W_key", "att.W_value", "att.out_proj" }
            .Select(name => ((object)$"trf_blocks.0.{name}.weight", (object?)TestTensor.Random(4, Width, Width))),
        ("trf_blocks.0.att.mask", TestTensor.Of([0, 1, 1, 0, 0, 1, 0, 0, 0], 3, 3)), ("trf_blocks.0.ff.layers.0.weight", TestTensor.Random(5, 6, Width)),
        ("trf_blocks.0.ff.layers.0.bias", TestTensor.Random(6, 6)), ("trf_blocks.0.ff.layers.2.weight", TestTensor.Random(7, Width, 6)),
        ("final_norm.scale", TestTensor.Random(8, Width)), ("final_norm.shift", TestTensor.Random(9, Width)), ("out_head.weight", TestTensor.Random(10, 5, Width)),
    ];

    /// <summary>minGPT's of before 2022, whose position embedding is a parameter of three dimensions.</summary>
    public static List<(object Name, object? Tensor)> MinGpt() =>
    [
        ("pos_emb", TestTensor.Random(1, 1, 3, Width)), ("tok_emb.weight", TestTensor.Random(2, 5, Width)),
        .. new[] { "ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias", "attn.key.bias", "attn.query.bias", "attn.value.bias", "attn.proj.bias", "mlp.2.bias" }
            .Select(name => ((object)$"blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
        .. new[] { "attn.key", "attn.query", "attn.value", "attn.proj" }
            .Select(name => ((object)$"blocks.0.{name}.weight", (object?)TestTensor.Random(4, Width, Width))),
        ("blocks.0.mlp.0.weight", TestTensor.Random(5, 6, Width)), ("blocks.0.mlp.0.bias", TestTensor.Random(6, 6)),
        ("blocks.0.mlp.2.weight", TestTensor.Random(7, Width, 6)), ("ln_f.weight", TestTensor.Random(8, Width)), ("ln_f.bias", TestTensor.Random(9, Width)),
        ("head.weight", TestTensor.Random(10, 5, Width)),
    ];
}
