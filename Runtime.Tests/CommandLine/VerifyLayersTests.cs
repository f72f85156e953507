using System.Text.Json;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

public sealed class VerifyLayersTests : IDisposable
{
    private readonly LayerModel _model = new();

    public static TheoryData<string, GptConfig> Variants => new()
    {
        { "blocks.0.attention", LayerModel.Config with { Position = PositionKind.RotaryHalves } },
        { "blocks.0.attention", LayerModel.Config with { RotaryBase = 500 } },
        { "embedding_norm", LayerModel.Config with { NormEpsilon = 2e-5f } },
        { "blocks.0.mlp_hidden", LayerModel.Config with { Activation = ActivationKind.GeluTanh } },
        { "blocks.0.mlp_hidden", LayerModel.Config with { Activation = ActivationKind.Silu } },
    };

    public void Dispose() => _model.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Verify_layers_of_the_same_model_names_no_operation(bool hiddenIsDouble)
    {
        _model.WriteWeights();
        _model.WriteReference(hiddenIsDouble);
        CommandResult result = _model.Verify().Succeeded();
        result.Shows("\nembedding ", "\nblocks.1.mlp_residual ", "\nlogits ", "no operation diverges; the closest to a limit: ");
        Assert.EndsWith("\nPASS\n", result.Output, StringComparison.Ordinal);
        JsonElement layers = _model.Verify("--json").Succeeded().Json().GetProperty("layers");
        Assert.Equal(JsonValueKind.Null, layers.GetProperty("first_divergence").ValueKind);
        Assert.Equal(OperationSpec.For(LayerModel.Config).Select(spec => spec.Name), Names(layers.GetProperty("operations")));
        Assert.All(layers.GetProperty("operations").EnumerateArray(), operation =>
            Assert.Equal(3e-6 * operation.GetProperty("max_abs_value").GetDouble(), operation.GetProperty("limit").GetDouble(), 1e-12));
        Assert.Equal(JsonValueKind.Null, layers.GetProperty("operations").EnumerateArray().Last().GetProperty("rms_limit").ValueKind);
    }

    [Fact]
    public void Verify_layers_sees_an_error_of_all_values_that_is_below_the_roundings_of_the_largest()
    {
        _model.WriteWeights();
        _model.WriteReference();
        string path = Path.Combine(Path.GetDirectoryName(_model.Reference)!, "hidden.bin");
        byte[] values = File.ReadAllBytes(path);
        foreach (int item in new[] { 0, 1 })
        {
            JsonObject operation = Operation(item, "blocks.1.mlp_norm");
            for (int i = 0; i < (int)operation["shape"]![0]! * (int)operation["shape"]![1]!; i++)
            {
                Span<byte> value = values.AsSpan(((int)operation["offset"]! + i) * sizeof(double));
                BitConverter.TryWriteBytes(value, BitConverter.ToDouble(value) * (1 + 2e-6));
            }
        }
        File.WriteAllBytes(path, values);
        AssertNames("blocks.1.mlp_norm");
        JsonElement first = _model.Verify("--json").Json().GetProperty("layers").GetProperty("first_divergence");
        Assert.True(first.GetProperty("max_abs_diff").GetDouble() < first.GetProperty("limit").GetDouble());
        Assert.Equal(2, first.GetProperty("rms_diff").GetDouble() / first.GetProperty("rms_limit").GetDouble(), 0.5);
    }

    [Theory]
    [InlineData("token_embedding", "embedding")]
    [InlineData("embedding_norm.weight", "embedding_norm")]
    [InlineData("blocks.0.attention_norm.bias", "blocks.0.attention_norm")]
    [InlineData("blocks.1.attention_norm.weight", "blocks.1.attention_norm")]
    [InlineData("blocks.0.attention.qkv.bias", "blocks.0.qkv")]
    [InlineData("blocks.1.attention.qkv.weight", "blocks.1.qkv")]
    [InlineData("blocks.0.attention.projection.weight", "blocks.0.attention_residual")]
    [InlineData("blocks.1.mlp_norm.weight", "blocks.1.mlp_norm")]
    [InlineData("blocks.0.mlp.up.weight", "blocks.0.mlp_hidden")]
    [InlineData("blocks.1.mlp.gate.bias", "blocks.1.mlp_hidden")]
    [InlineData("blocks.1.mlp.down.weight", "blocks.1.mlp_residual")]
    [InlineData("final_norm.bias", "final_norm")]
    [InlineData("head.weight", "logits")]
    public void Verify_layers_names_the_operation_whose_weight_is_another(string tensor, string operation)
    {
        _model.WriteWeights(changedTensor: tensor);   // one number, by one hundredth
        _model.WriteReference();
        AssertNames(operation);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Verify_layers_names_the_operation_that_computes_something_else(string operation, GptConfig config)
    {
        _model.WriteWeights(config);
        _model.WriteReference();
        AssertNames(operation);
    }

    private void AssertNames(string operation)
    {
        CommandResult text = _model.Verify();
        Assert.Equal(5, text.ExitCode);
        string layer = operation.StartsWith("blocks.", StringComparison.Ordinal) ? $"layer {operation[7]}, " : "";
        text.Shows($"\nfirst to diverge: {layer}operation {operation}: max |difference| ");
        Assert.EndsWith("\nFAIL\n", text.Output, StringComparison.Ordinal);

        JsonElement layers = _model.Verify("--json").Json().GetProperty("layers"), first = layers.GetProperty("first_divergence");
        Assert.Equal(operation, first.GetProperty("name").GetString());
        Assert.True(first.GetProperty("max_abs_diff").GetDouble() > first.GetProperty("limit").GetDouble()
            || first.GetProperty("rms_diff").GetDouble() > first.GetProperty("rms_limit").GetDouble());
        Assert.All(layers.GetProperty("operations").EnumerateArray().TakeWhile(each => each.GetProperty("name").GetString() != operation),
            each => Assert.False(each.GetProperty("diverges").GetBoolean()));
    }

    [Fact]
    public void Verify_layers_says_by_how_much_and_where()
    {
        _model.WriteWeights();
        _model.WriteReference();
        // One number of the reference: position 33 of the first prompt, in verify's second stretch, value 4 of mlp_residual.
        JsonObject operation = Operation(0, "blocks.0.mlp_residual");
        string path = Path.Combine(Path.GetDirectoryName(_model.Reference)!, "hidden.bin");
        byte[] values = File.ReadAllBytes(path);
        Span<byte> changed = values.AsSpan(((int)operation["offset"]! + 33 * LayerModel.Config.EmbeddingDim + 4) * sizeof(double));
        BitConverter.TryWriteBytes(changed, BitConverter.ToDouble(changed) + 0.5);
        File.WriteAllBytes(path, values);

        JsonElement first = _model.Verify("--json").Json().GetProperty("layers").GetProperty("first_divergence");
        Assert.Equal("blocks.0.mlp_residual", first.GetProperty("name").GetString());
        Assert.Equal(("of 45", 33, 4, 0),
            (first.GetProperty("case").GetString(), first.GetProperty("position").GetInt32(), first.GetProperty("index").GetInt32(), first.GetProperty("layer").GetInt32()));
        Assert.Equal(0.5, first.GetProperty("max_abs_diff").GetDouble(), 1e-5);
        _model.Verify().Shows("max |difference| 5.0e-01 (case 'of 45', position 33, value 4), limit ", "; RMS ");
    }

    [Fact]
    public void Verify_layers_of_a_reference_with_some_operations_names_the_first_of_those()
    {
        _model.WriteWeights(changedTensor: "blocks.1.attention.qkv.weight");
        _model.WriteReference(wanted: name => name.EndsWith("_residual", StringComparison.Ordinal));
        AssertNames("blocks.1.attention_residual");
        Assert.Equal(
            ["blocks.0.attention_residual", "blocks.0.mlp_residual", "blocks.1.attention_residual", "blocks.1.mlp_residual", "logits"],
            Names(_model.Verify("--json").Json().GetProperty("layers").GetProperty("operations")));
    }

    [Theory]
    [InlineData("blocks.0.attention_norm", "token_embedding", "embedding embedding_norm", "embedding and embedding_norm before it are")]
    [InlineData("embedding_norm", "token_embedding", "embedding", "embedding before it is")]
    [InlineData("blocks.1.mlp_hidden", "blocks.1.mlp_norm.weight", "blocks.1.attention_residual blocks.1.mlp_norm",
        "blocks.1.attention_residual and blocks.1.mlp_norm before it are")]
    [InlineData("logits", "blocks.1.attention.qkv.weight", "blocks.1.qkv blocks.1.attention blocks.1.attention_residual blocks.1.mlp_norm "
        + "blocks.1.mlp_hidden blocks.1.mlp_residual final_norm", "blocks.1.qkv to final_norm (7 operations) before it are")]
    public void Verify_layers_says_which_operations_before_the_first_are_not_in_the_reference(string first, string tensor, string missing, string names)
    {
        _model.WriteWeights(changedTensor: tensor);
        _model.WriteReference(wanted: name => !missing.Split(' ').Append("blocks.0.qkv").Contains(name));   // a gap before one that holds, or behind the first, is no cause
        AssertNames(first);
        string line = _model.Verify().Output.Split('\n').Single(line => line.StartsWith("first to diverge: ", StringComparison.Ordinal));
        Assert.EndsWith($"; {names} not in the reference: the cause may be there", line, StringComparison.Ordinal);
        Assert.Equal(missing.Split(' '), Gap(_model.Verify("--json")));
    }

    [Fact]
    public void Verify_layers_of_a_whole_reference_says_nothing_of_a_gap()
    {
        _model.WriteWeights(changedTensor: "blocks.1.mlp_norm.weight");
        _model.WriteReference();
        Assert.DoesNotContain("not in the reference", _model.Verify().Output, StringComparison.Ordinal);
        Assert.Empty(Gap(_model.Verify("--json")));
        _model.WriteWeights();
        _model.WriteReference(wanted: name => name == "final_norm");
        Assert.Empty(Gap(_model.Verify("--json").Succeeded()));
    }

    [Fact]
    public void Verify_layers_widens_limits_by_the_float_error_that_the_reference_states()
    {
        _model.WriteWeights(changedTensor: "blocks.0.attention.qkv.bias");
        _model.WriteReference();
        Operation(0, "blocks.0.qkv")["max_abs_diff_f32_f64"] = 1;
        _model.WriteJson();
        AssertNames("blocks.0.attention");   // qkv's limit is 3 now, and no other
        _model.Json["cases"]![1]!["max_abs_diff_f32_f64"] = 1;
        _model.WriteJson();
        JsonElement json = _model.Verify("--json").Succeeded().Json();
        Assert.Equal(3, json.GetProperty("total").GetProperty("limit").GetDouble());
        JsonElement logits = json.GetProperty("layers").GetProperty("operations").EnumerateArray().Last();
        double largestLogit = logits.GetProperty("max_abs_value").GetDouble();
        Assert.All(json.GetProperty("layers").GetProperty("operations").EnumerateArray(), each => Assert.Equal(
            each.GetProperty("name").GetString() == "blocks.0.qkv" ? 3 : 3 * each.GetProperty("max_abs_value").GetDouble() / largestLogit,
            each.GetProperty("limit").GetDouble(), 1e-9));
    }

    [Fact]
    public void Verify_layers_of_narrower_weights_judges_only_by_a_tolerance()
    {
        _model.WriteWeights(type: ElementType.Bf16);
        _model.WriteReference();
        CommandResult without = _model.Verify();
        Assert.Equal(5, without.ExitCode);
        without.Shows("no limit applies, so none is said to diverge");
        Assert.EndsWith("\nNOT JUDGED\n", without.Output, StringComparison.Ordinal);
        Assert.All(_model.Verify("--json").Json().GetProperty("layers").GetProperty("operations").EnumerateArray(),
            each => Assert.Equal(JsonValueKind.Null, each.GetProperty("limit").ValueKind));
        _model.Verify("--tolerance", "0.1").Succeeded();
        CommandResult strict = _model.Verify("--tolerance", "1e-6");
        Assert.Equal(5, strict.ExitCode);
        strict.Shows("first to diverge: operation embedding: ");
    }

    [Fact]
    public void Verify_layers_without_hidden_states_is_a_usage_error_and_hidden_states_without_it_are_not_opened()
    {
        _model.WriteWeights();
        _model.WriteReference();
        File.Delete(Path.Combine(Path.GetDirectoryName(_model.Reference)!, "hidden.bin"));
        _model.Verify().Failed(4, "hidden.bin");
        Assert.False(Command.Run("verify", _model.Weights, _model.Reference, "--json").Succeeded().Json().TryGetProperty("layers", out _));
        foreach (JsonNode? item in _model.Json["cases"]!.AsArray())
            item!.AsObject().Remove("hidden");
        _model.WriteJson();
        _model.Verify().Failed(2, "--layers needs hidden states");
    }

    [Theory]
    [InlineData("cases[0].hidden: a string found, an object needed", "\"states\"")]
    [InlineData("cases[0].hidden.operations: none found", "{\"file\": \"hidden.bin\"}")]
    [InlineData("cases[0].hidden.operations: none found", "{\"file\": \"hidden.bin\", \"operations\": []}")]
    [InlineData("cases[0].hidden.operations: a number found, an array needed", "{\"file\": \"hidden.bin\", \"operations\": 3}")]
    [InlineData("cases[0].hidden.operations[0]: a number found, an object needed", "{\"file\": \"hidden.bin\", \"operations\": [3]}")]
    [InlineData("cases[0].hidden.operations[0].name: missing", "{\"file\": \"hidden.bin\", \"operations\": [{\"shape\": [45, 6]}]}")]
    [InlineData("cases[0].hidden.operations[0].name: a number found", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": 3, \"shape\": [45, 6]}]}")]
    [InlineData("operations[0].shape: two numbers needed: positions and width", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\"}]}")]
    [InlineData("operations[0].shape: 44 positions found, 45 needed", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"shape\": [44, 6]}]}")]
    [InlineData("operations[0].offset: -1 found", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"offset\": -1, \"shape\": [45, 6]}]}")]
    [InlineData("operations[0].max_abs_diff_f32_f64: -1 found", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"shape\": [45, 6], \"max_abs_diff_f32_f64\": -1}]}")]
    [InlineData("operations[1].name: 'embedding' found a second time", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"shape\": [45, 6]}, {\"name\": \"embedding\", \"shape\": [45, 6]}]}")]
    [InlineData("hidden.file: '../hidden.bin' found", "{\"file\": \"../hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"shape\": [45, 6]}]}")]
    [InlineData("hidden.file: 'another value' found", "{\"operations\": [{\"name\": \"embedding\", \"shape\": [45, 6]}]}")]
    [InlineData("hidden.dtype: 'float16' found", "{\"file\": \"hidden.bin\", \"dtype\": \"float16\", \"operations\": [{\"name\": \"embedding\", \"shape\": [45, 6]}]}")]
    [InlineData("hidden states of 'blocks.2.qkv', which the model does not compute", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"blocks.2.qkv\", \"shape\": [45, 6]}]}")]
    [InlineData("hidden states of 'a\\u007fb', which", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"a\\u007fb\", \"shape\": [45, 6]}]}")]
    [InlineData("has 7 values of 'embedding' for each token, the model has 6", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"shape\": [45, 7]}]}")]
    [InlineData("the values of 'embedding' at number 500000000000000000, shape [45, 6], need", "{\"file\": \"hidden.bin\", \"operations\": [{\"name\": \"embedding\", \"offset\": 500000000000000000, \"shape\": [45, 6]}]}")]
    public void Verify_layers_with_broken_hidden_states_is_one_line_and_exit_code_3(string needed, string hidden)
    {
        _model.WriteWeights();
        _model.WriteReference(wanted: name => name == "embedding");
        _model.Json["cases"]![0]!["hidden"] = JsonNode.Parse(hidden);
        _model.WriteJson();
        _model.Verify().Failed(3, needed);
    }

    [Fact]
    public void Verify_layers_with_a_value_that_is_no_number_in_the_reference_is_exit_code_3()
    {
        _model.WriteWeights();
        _model.WriteReference(wanted: name => name == "embedding");
        string path = Path.Combine(Path.GetDirectoryName(_model.Reference)!, "hidden.bin");
        byte[] values = File.ReadAllBytes(path);
        BitConverter.TryWriteBytes(values.AsSpan(10 * sizeof(double)), double.NaN);
        File.WriteAllBytes(path, values);
        _model.Verify().Failed(3, "number 10 is NaN");
    }

    private JsonObject Operation(int item, string name) =>
        _model.Json["cases"]![item]!["hidden"]!["operations"]!.AsArray().Single(operation => (string)operation!["name"]! == name)!.AsObject();

    private static IEnumerable<string?> Gap(CommandResult result) =>
        result.Json().GetProperty("layers").GetProperty("not_compared_before").EnumerateArray().Select(name => name.GetString());

    private static IEnumerable<string?> Names(JsonElement operations) => operations.EnumerateArray().Select(each => each.GetProperty("name").GetString());
}
