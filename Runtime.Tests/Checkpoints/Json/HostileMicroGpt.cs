using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Checkpoints.Json;

/// <summary>JSON models that are damaged or lie: one row per cause, each the valid one but for one change.</summary>
internal static class HostileMicroGpt
{
    private static readonly (string Name, Action<JsonObject> Change, string Reason)[] Models =
    [
        ("no state_dict", m => m.Remove("state_dict"), "this JSON has no 'state_dict'"),
        ("a state_dict that is a list", m => m["state_dict"] = new JsonArray(), "this JSON has no 'state_dict'"),
        ("an empty state_dict", m => m["state_dict"] = new JsonObject(), "not a checkpoint of a family"),
        ("an entry that is a number", m => State(m)["step"] = 3, "'step' is an integer, not a tensor"),
        ("an entry that is an empty list", m => State(m)["wte"] = new JsonArray(), "'wte' is a list, not a tensor"),
        ("a tensor without a place", m => State(m)["layer0.ln"] = Numbers(4), "'layer0.ln' of shape [4] has no place"),
        ("a missing matrix", m => State(m).Remove("layer0.attn_wk"), "tensor 'layer0.attn_wk' is missing"),
        ("a missing head", m => State(m).Remove("lm_head"), "tensor 'lm_head' is missing; the code of this family has a head of its own"),
        ("a missing table", m => State(m).Remove("wpe"), "tensor 'wpe' is missing"),
        ("a gap in the layers", m => Rename(m, "layer1.", "layer2."), "layer 1 is missing"),
        ("a ragged matrix", m => State(m)["wte"]![1]!.AsArray().RemoveAt(0), "this row has 3 items, the first of its kind 4"),
        ("an empty row", m => State(m)["wte"]![1] = new JsonArray(), "this row has 0 items"),
        ("a row that is a number", m => State(m)["wte"]![1] = 1, "numbers and arrays stand in one array"),
        ("a number that is a row", m => State(m)["wte"]![1]![2] = Numbers(2), "numbers and arrays stand in one array"),
        ("a number that is a string", m => State(m)["wte"]![1]![2] = "1", "an array of numbers has something else in it: a string"),
        ("a number that is null", m => State(m)["wte"]![1]![2] = null, "something else in it: null"),
        ("a number that is an object", m => State(m)["wte"]![1]![2] = new JsonObject(), "something else in it: an object"),
        ("five dimensions", m => State(m)["wte"] = new JsonArray(new JsonArray(new JsonArray(new JsonArray(Numbers(2))))), "more than 4 arrays"),
        ("a matrix of other shape", m => State(m)["layer1.mlp_fc2"] = Matrix(4, 5), "shape [4, 5] found, [4, 6] needed"),
        ("a number beyond float32", m => State(m)["wte"]![1]![2] = 1e300, "is Infinity in float32"),
        ("a config of other layers", m => m["config"]!["n_layer"] = 3, "n_layer = 3, but the number of layers says 2"),
        ("a config of other width", m => m["config"]!["n_embd"] = 8, "n_embd = 8, but wte says 4"),
        ("a config of other context", m => m["config"]!["block_size"] = 4, "block_size = 4, but the position embedding says 3"),
        ("a config of other vocabulary", m => m["config"]!["vocab_size"] = 6, "vocab_size = 6, but wte says 5"),
        ("heads that do not divide", m => m["config"]!["n_head"] = 3, "n_head = 3, which does not divide the width 4"),
        ("negative heads", m => m["config"]!["n_head"] = -2, "n_head is -2"),
        ("heads of 2^40", m => m["config"]!["n_head"] = 1L << 40, "n_head is 1099511627776"),
        ("heads with a fraction", m => m["config"]!["n_head"] = 2.5, "n_head is a number with a fraction"),
        ("an unknown activation", m => m["config"]!["activation"] = "mish", "activation is 'mish'"),
        ("a BOS beyond the vocabulary", m => m["bos"] = 5, "bos is 5; one of the model's ids, 0 to 4"),
        ("a negative BOS", m => m["bos"] = -1, "bos is -1"),
        ("a BOS that is text", m => m["bos"] = "<BOS>", "bos is a string"),
        ("a character twice", m => m["uchars"]![1] = "a", "uchars: "),
        ("a character of two", m => m["uchars"]![1] = "ab", "uchars: token 1 is 'ab'; one character"),
        ("a character that is a number", m => m["uchars"]![1] = 7, "uchars: item 1 is an integer"),
        ("a character too few", m => m["uchars"]!.AsArray().RemoveAt(0), "uchars has 3 characters and the model 5 tokens"),
    ];

    private static readonly (string Name, Func<string, string> Change, string Reason)[] Texts =
    [
        ("nothing but the beginning", _ => "{", "JSON, byte "),
        ("a list", _ => "[[1, 2], [3, 4]]", "this JSON is a tensor"),
        ("a name twice", text => text.Replace("\"bos\"", "\"config\"", StringComparison.Ordinal), "the name 'config' occurs twice"),
        ("a tensor twice", text => text.Replace("\"wpe\"", "\"wte\"", StringComparison.Ordinal), "the name 'wte' occurs twice"),
        ("text after the end", text => text + "{}", "this is no JSON"),
        ("NaN as Python writes it", text => text.Replace("0.125", "NaN", StringComparison.Ordinal), "this is no JSON"),
        ("an infinity as Python writes it", text => text.Replace("0.125", "-Infinity", StringComparison.Ordinal), "this is no JSON"),
        ("a number beyond binary64", text => text.Replace("0.125", "1e999", StringComparison.Ordinal), "the number 1e999 is too large for binary64"),
        ("a negative number beyond binary64", text => text.Replace("0.125", "-1e999", StringComparison.Ordinal), "-1e999 is too large"),
        ("a bos of more than 64 bits", text => text.Replace("\"bos\":4", "\"bos\":99999999999999999999", StringComparison.Ordinal), "more than 64 bits"),
        ("arrays nested 100000 deep", _ => "{\"state_dict\":{\"wte\":" + new string('[', 100_000), "this is no JSON"),
        ("objects nested 100000 deep", _ => string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), "this is no JSON"),
        ("a bomb of numbers", _ => "{\"state_dict\":{\"wte\":[0" + string.Concat(Enumerable.Repeat(",0", 8_000_000)) + "]}}", "unpacks to far more"),
        ("a bomb of lists", _ => "{\"state_dict\":{\"wte\":[[]" + string.Concat(Enumerable.Repeat(",[]", 500_000)) + "]}}", "unpacks to far more"),
    ];

    public static TheoryData<string> Names => [.. Models.Select(row => row.Name), .. Texts.Select(row => row.Name)];

    /// <summary>L 2, C 4, T 3, V 5 (a, b, c, d and BOS), NH 2, F 6.</summary>
    public static JsonObject Valid()
    {
        var state = new JsonObject { ["wte"] = Matrix(5, 4), ["wpe"] = Matrix(3, 4), ["lm_head"] = Matrix(5, 4) };
        for (int layer = 0; layer < 2; layer++)
        {
            foreach (string name in (string[])["attn_wq", "attn_wk", "attn_wv", "attn_wo"])
                state[$"layer{layer}.{name}"] = Matrix(4, 4);
            state[$"layer{layer}.mlp_fc1"] = Matrix(6, 4);
            state[$"layer{layer}.mlp_fc2"] = Matrix(4, 6);
        }
        return new JsonObject
        {
            ["config"] = new JsonObject
            {
                ["n_layer"] = 2, ["n_embd"] = 4, ["n_head"] = 2, ["block_size"] = 3, ["vocab_size"] = 5, ["activation"] = "relu",
            },
            ["uchars"] = new JsonArray("a", "b", "c", "d"),
            ["bos"] = 4,
            ["state_dict"] = state,
        };
    }

    public static (string File, string Reason) Make(string name)
    {
        JsonObject model = Valid();
        if (Texts.SingleOrDefault(row => row.Name == name) is { Change: { } spoil } text)
            return (spoil(model.ToJsonString()), text.Reason);
        (_, Action<JsonObject> change, string reason) = Models.Single(row => row.Name == name);
        change(model);
        return (model.ToJsonString(), reason);
    }

    private static JsonObject State(JsonObject model) => model["state_dict"]!.AsObject();

    private static JsonArray Numbers(int count) => [.. Enumerable.Range(1, count).Select(i => (JsonNode)(i / 8.0))];

    private static JsonArray Matrix(int rows, int columns) => [.. Enumerable.Range(0, rows).Select(_ => (JsonNode)Numbers(columns))];

    private static void Rename(JsonObject model, string old, string with)
    {
        JsonObject state = State(model);
        foreach ((string name, JsonNode? value) in state.ToArray())
        {
            state.Remove(name);
            state.Add(name.Replace(old, with, StringComparison.Ordinal), value);
        }
    }
}
