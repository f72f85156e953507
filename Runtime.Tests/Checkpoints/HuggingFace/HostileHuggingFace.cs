using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

/// <summary>Hugging Face folders whose config or tensors cannot be a GPT-2 that is run here: one row per cause.</summary>
internal static class HostileHuggingFace
{
    private const string Qkv = "h.0.attn.c_attn.weight", Up = "h.1.mlp.c_fc.weight";

    private static readonly (string Name, Action<TinyHuggingFace> Change, string Reason)[] Rows =
    [
        ("another model", m => m.With("model_type", "llama"), "config.json beside the checkpoint says model_type = 'llama', a model that is not converted"),
        ("another model with a line break in its name", m => m.With("model_type", "gpt\nneo"), "says model_type = 'gpt\\u000Aneo'"),
        ("a model type that is a number", m => m.With("model_type", 2), "config.json says model_type is an integer"),
        ("scores that are not scaled", m => m.With("scale_attn_weights", false), "config.json says scale_attn_weights = False, a variant"),
        ("scores that are scaled by layer", m => m.With("scale_attn_by_inverse_layer_idx", true), "config.json says scale_attn_by_inverse_layer_idx = True"),
        ("attention to an encoder", m => m.With("add_cross_attention", true), "config.json says add_cross_attention = True"),
        ("a variant that is a number", m => m.With("scale_attn_weights", 1), "config.json says scale_attn_weights = 1, a variant that is not run here; True was needed"),

        ("n_head is a string", m => m.With("n_head", "2"), "config.json says n_head is a string"),
        ("n_head is 0", m => m.With("n_head", 0), "config.json says n_head is 0"),
        ("n_head has a fraction", m => m.With("n_head", 2.5), "config.json says n_head is a number with a fraction"),
        ("n_head beyond 31 bits", m => m.With("n_head", 1L << 32), "config.json says n_head is 4294967296"),
        ("n_head does not divide the width", m => m.With("n_head", 3), "n_head = 3, which does not divide the width 4"),
        ("no n_head, and a width that the default does not divide", m => m.Config!.Remove("n_head"), "heads = 12, which does not divide the width 4"),
        ("another n_layer", m => m.With("n_layer", 3), "config.json says n_layer = 3, but the number of layers says 2"),
        ("another n_embd", m => m.With("n_embd", 8), "config.json says n_embd = 8, but wte.weight says 4"),
        ("another n_embd under its other name", m => { m.Config!.Remove("n_embd"); m.With("hidden_size", 8); }, "config.json says hidden_size = 8"),
        ("another n_positions", m => m.With("n_positions", 4), "config.json says n_positions = 4, but the position embedding says 3"),
        ("another vocab_size", m => m.With("vocab_size", 6), "config.json says vocab_size = 6, but wte.weight says 5"),
        ("another n_inner", m => m.With("n_inner", 12), "config.json says n_inner = 12, but the MLP's first matrix says 16"),
        ("no n_inner, and an MLP that needs one", m => Narrow(m), "says no n_inner, which means 4 x the width 4, but the MLP's first matrix says 12"),
        ("an activation that we do not have", m => m.With("activation_function", "quick_gelu"), "the checkpoint's activation is 'quick_gelu'"),
        ("an activation that is a number", m => m.With("activation_function", 1), "config.json says activation_function is an integer"),
        ("an epsilon of 0", m => m.With("layer_norm_epsilon", JsonNode.Parse("0.0")), "config.json says layer_norm_epsilon is 0;"),
        ("an epsilon below 0", m => m.With("layer_norm_epsilon", -1e-5), "config.json says layer_norm_epsilon is -1E-05"),
        ("an epsilon that is a string", m => m.With("layer_norm_epsilon", "1e-5"), "config.json says layer_norm_epsilon is a string"),
        ("a tied head that differs", m => m.With("tie_word_embeddings", true)["lm_head.weight"] = TestTensor.Random(9, 5, 4),
            "config.json says tie_word_embeddings = True, but lm_head.weight and wte.weight differ"),
        ("another head without a word on tying", m => m["lm_head.weight"] = TestTensor.Random(9, 5, 4),
            "config.json says no tie_word_embeddings, which means True (GPT2Config's default), but lm_head.weight and wte.weight differ"),
        ("a head of its own that is not there", m => m.With("tie_word_embeddings", false),
            "config.json says tie_word_embeddings = False, but there is no lm_head.weight"),
        ("tying that is a string", m => m.With("tie_word_embeddings", "yes"), "config.json says tie_word_embeddings is a string"),

        ("a missing matrix", m => m[Up] = null, $"tensor '{Up}' is missing"),
        ("a missing bias", m => m["h.1.mlp.c_fc.bias"] = null, "tensor 'h.1.mlp.c_fc.bias' is missing"),
        ("a matrix that is not transposed", m => m[Up] = TestTensor.Random(9, 16, 4), $"tensor '{Up}'"),
        ("a head for another task", m => m["score.weight"] = TestTensor.Random(9, 2, 4), "'score.weight' of shape [2, 4] has no place"),
        ("a mask of another length", m => m["h.0.attn.bias"] = TestTensor.Random(9, 1, 1, 4, 4), "the mask 'h.0.attn.bias' is of 4 positions"),
        ("queries, keys and values that are no three", m => m[Qkv] = TestTensor.Random(9, 4, 11), $"tensor '{Qkv}'"),
    ];

    private static readonly (string Name, Func<byte[]> Make, string Reason)[] ConfigFiles =
    [
        ("an empty file", () => [], "config.json, byte 0: this is no JSON"),
        ("no JSON", () => "n_head: 2\n"u8.ToArray(), "config.json, byte 0: this is no JSON: a word"),
        ("cut short", () => "{\"n_head\": 2"u8.ToArray(), "config.json, byte 12: this is no JSON"),
        ("a list", () => "[]"u8.ToArray(), "config.json beside the checkpoint holds a list; an object was needed"),
        ("a field twice", () => "{\"n_head\": 2, \"n_head\": 4}"u8.ToArray(), "config.json, byte 14: the name 'n_head' occurs twice"),
        ("an infinite number", () => "{\"layer_norm_epsilon\": 1e999}"u8.ToArray(), "config.json, byte 23: the number 1e999 is too large"),
        ("Python's Infinity", () => "{\"layer_norm_epsilon\": Infinity}"u8.ToArray(), "config.json, byte 23: this is no JSON"),
        ("more than 32 MiB", () => new byte[(32 << 20) + 1], "config.json has 33554433 bytes; at most 33554432 are read"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static TheoryData<string> ConfigNames => [.. ConfigFiles.Select(row => row.Name)];

    public static (TinyHuggingFace Model, string Reason) Make(string name)
    {
        (_, Action<TinyHuggingFace> change, string reason) = Rows.Single(row => row.Name == name);
        return (new TinyHuggingFace().But(change), reason);
    }

    public static (byte[] Config, string Reason) MakeConfig(string name)
    {
        (_, Func<byte[]> make, string reason) = ConfigFiles.Single(row => row.Name == name);
        return (make(), reason);
    }

    private static void Narrow(TinyHuggingFace model)
    {
        for (int layer = 0; layer < TinyHuggingFace.Layers; layer++)
        {
            model[$"h.{layer}.mlp.c_fc.weight"] = TestTensor.Random(9, 4, 12);
            model[$"h.{layer}.mlp.c_fc.bias"] = TestTensor.Random(9, 12);
            model[$"h.{layer}.mlp.c_proj.weight"] = TestTensor.Random(9, 12, 4);
        }
    }
}
