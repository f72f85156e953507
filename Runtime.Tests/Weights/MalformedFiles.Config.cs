using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Weights;

/// <content>What can be wrong in the config and the generation defaults, and between them and the tensors.</content>
internal static partial class MalformedFiles
{
    private static readonly string[] Sizes =
    [
        "vocab_size", "context_length", "embedding_dim", "layer_count", "head_count", "kv_head_count", "head_dim", "mlp_dim",
    ];

    private static readonly string[] Flags =
    [
        "norm_bias", "qkv_bias", "projection_bias", "mlp_up_bias", "mlp_down_bias", "tied_head", "head_bias",
    ];

    private static readonly string[] LaterFlags = ["norm_weight", "embedding_norm", "final_norm", "mlp_gated"];

    private static readonly string[] Names = ["norm", "position", "activation"];

    private static IEnumerable<MalformedFile> Config()
    {
        foreach (string key in Sizes)
        {
            foreach (string value in new[] { "0", "-1", "1.5", "1e999", "-9223372036854775808", "2147483648", "9223372036854775808",
                "\"8\"", "null" })
                yield return Set("config", key, value, $"header.config.{key}: {value.Replace('"', '\'')} found");
        }
        foreach (string key in Flags.Concat(LaterFlags))
        {
            foreach (string value in new[] { "0", "\"true\"", "null" })
                yield return Set("config", key, value, $"header.config.{key}: {value.Replace('"', '\'')} found, true or false needed");
        }
        foreach (string key in Names)
        {
            foreach (string value in new[] { "\"none\"", "\"\"", "0", "null", "[]" })
                yield return Set("config", key, value, $"header.config.{key}: ");
        }
        foreach (string key in new[] { "norm_epsilon", "rotary_base" })
        {
            foreach (string value in new[] { "1e999", "-1e999", "\"1e-5\"", "null", "true" })
                yield return Set("config", key, value, $"header.config.{key}: ");
        }
        foreach (string value in new[] { "0", "-10000", "0.99999994" })
            yield return Set("config", "rotary_base", value, "header.config: rotary_base: ");
        foreach (string value in new[] { "0", "-1e-5", "1e-60" })
            yield return Set("config", "norm_epsilon", value, "header.config: norm_epsilon: ");
        foreach (string key in Sizes.Concat(Flags).Concat(Names).Append("norm_epsilon"))
            yield return Edit($"config without {key}", $"header.config: key '{key}' is missing",
                forge => forge.Header["config"]!.AsObject().Remove(key));
        yield return Set("config", "rotary_scale", "1", "header.config: unknown key 'rotary_scale'");
        foreach (string position in new[] { "\"rotary_pairs\"", "\"rotary_halves\"" })
            yield return Set("config", "position", position, "header.config: head_dim: 5 found, an even number needed for rotary positions");
        yield return Set("config", "vocab_size", "16777217", "header.config: vocab_size: 16777217 found");
        yield return Set("config", "context_length", "1048577", "header.config: context_length: 1048577 found");
        yield return Set("config", "embedding_dim", "131073", "header.config: embedding_dim: 131073 found");
        yield return Set("config", "layer_count", "4097", "header.config: layer_count: 4097 found");
        yield return Edit("more layers than a gated model may have", "header.config: layer_count: 2049 found, 1 to 2048 needed",
            forge => forge.Set("config", "layer_count", "2049").Set("config", "mlp_gated", "true"));
        yield return Set("config", "mlp_dim", "131073", "header.config: mlp_dim: 131073 found");
        yield return Set("config", "head_dim", "131073", "header.config: head_dim: 131073 found");
        yield return Set("config", "head_dim", "131072", "header.config: head_count * head_dim: 524288 found");
        yield return Set("config", "head_count", "131073", "header.config: head_count: 131073 found");
        yield return Set("config", "kv_head_count", "5", "header.config: kv_head_count: 5 found, 1 to 4 needed");
        yield return Set("config", "kv_head_count", "3", "header.config: head_count: 4 found, a multiple of kv_head_count 3 needed");
    }

    private static IEnumerable<MalformedFile> ConfigAgainstTensors()
    {
        yield return Set("config", "vocab_size", "301", "section 'token_embedding': shape (300, 6) found, (301, 6) needed");
        yield return Set("config", "vocab_size", "16777216", "section 'token_embedding': shape (300, 6) found, (16777216, 6) needed");
        yield return Set("config", "context_length", "8", "section 'position_embedding': shape (7, 6) found, (8, 6) needed");
        yield return Set("config", "embedding_dim", "131072", "section 'token_embedding': shape (300, 6) found");
        yield return Set("config", "mlp_dim", "10", "section 'blocks.0.mlp.up.weight': shape (9, 6) found, (10, 6) needed");
        yield return Set("config", "head_dim", "6", "section 'blocks.0.attention.qkv.weight': shape (40, 6) found, (48, 6) needed");
        yield return Set("config", "kv_head_count", "4", "section 'blocks.0.attention.qkv.weight': shape (40, 6) found, (60, 6) needed");
        yield return Set("config", "layer_count", "3", "section 'blocks.2.attention_norm.weight': missing");
        yield return Set("config", "layer_count", "4096", "section 'blocks.2.attention_norm.weight': missing");
        yield return Set("config", "layer_count", "1",
            "section 'blocks.1.attention_norm.weight': the config and the tokenizer have no place for it");
        yield return Set("config", "tied_head", "true", "section 'head.weight': the config and the tokenizer have no place for it");
        yield return Set("config", "head_bias", "true", "section 'head.bias': missing");
        yield return Set("config", "norm_bias", "false", "section 'blocks.0.attention_norm.bias': the config");
        yield return Set("config", "norm_weight", "false", "section 'blocks.0.attention_norm.weight': the config");
        yield return Set("config", "final_norm", "false", "section 'final_norm.weight': the config");
        yield return Set("config", "embedding_norm", "true", "section 'embedding_norm.weight': missing");
        yield return Set("config", "mlp_gated", "true", "section 'blocks.0.mlp.gate.weight': missing");
        yield return Edit("rotary positions beside a position embedding", "section 'position_embedding': the config", forge =>
        {
            forge.Set("config", "position", "\"rotary_pairs\"").Set("config", "head_dim", "10").Set("config", "head_count", "2");
            forge.Set("config", "kv_head_count", "1");
        });
        yield return Set("config", "qkv_bias", "false", "section 'blocks.0.attention.qkv.bias': the config");
        yield return Set("config", "projection_bias", "false", "section 'blocks.0.attention.projection.bias': the config");
        yield return Set("config", "mlp_up_bias", "false", "section 'blocks.0.mlp.up.bias': the config");
        yield return Set("config", "mlp_down_bias", "false", "section 'blocks.0.mlp.down.bias': the config");
        yield return Edit("a tensor under another name", "section 'head.weight': missing",
            forge => forge.Section("head.weight")["name"] = "lm_head.weight");
        yield return Edit("a matrix transposed", "section 'token_embedding': shape (6, 300) found, (300, 6) needed",
            forge => forge.Section("token_embedding")["shape"] = new JsonArray(6, 300));
        yield return Edit("a matrix as a vector", "section 'token_embedding': shape (1800) found, (300, 6) needed",
            forge => forge.Section("token_embedding")["shape"] = new JsonArray(1800));
        yield return Edit("a vector as a matrix", "section 'final_norm.weight': shape (1, 6) found, (6) needed",
            forge => forge.Section("final_norm.weight")["shape"] = new JsonArray(1, 6));
        yield return Edit("a matrix of integers", "section 'token_embedding': type u32 found, f32, bf16, q8 or q4 needed",
            forge => forge.Section("token_embedding")["type"] = "u32");
        yield return Edit("a vector of q8", "section 'final_norm.weight': type q8 found, f32 needed", forge =>
        {
            forge.Section("final_norm.weight")["type"] = "q8";
            forge.Section("final_norm.weight")["length"] = 34;
        });
        yield return Edit("a vector of bf16", "section 'final_norm.weight': type bf16 found, f32 needed", forge =>
        {
            forge.Section("final_norm.weight")["type"] = "bf16";
            forge.Section("final_norm.weight")["length"] = 12;
        });
    }

    private static IEnumerable<MalformedFile> Generation()
    {
        foreach (string key in new[] { "start_token", "end_token" })
        {
            yield return Edit($"generation without {key}", $"header.generation: key '{key}' is missing",
                forge => forge.Header["generation"]!.AsObject().Remove(key));
            foreach (string value in new[] { "-1", "300", "1.5", "1e999", "\"258\"", "true" })
                yield return Set("generation", key, value, $"header.generation.{key}: ");
        }
        foreach (string value in new[] { "null", "1", "\"true\"" })
            yield return Set("generation", "start_before_prompt", value, "header.generation.start_before_prompt: ");
        yield return Edit("a start token before prompts, and no start token",
            "header.generation.start_before_prompt: true found, false without a start_token needed",
            forge => forge.Set("generation", "start_token", "null").Set("generation", "start_before_prompt", "true"));
        foreach (string value in new[] { "null", "1", "\"none\"", "\"Stop\"" })
            yield return Set("generation", "overflow", value, "header.generation.overflow: ");
        yield return Set("generation", "temperature", "1", "header.generation: unknown key 'temperature'");
    }
}
