using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class VerifyVerbTests(Models models)
{
    private static readonly string Reference = TestFiles.Fixture("mygpt_final_shakespeare/expected.json");

    [Fact]
    public void Verify_of_a_fixture_passes_and_shows_the_figures()
    {
        CommandResult result = Command.Run("verify", models.Shakespeare, Reference).Succeeded();
        result.Shows("full-window", "0 of 64", "past-context", "104 of 104");
        Assert.EndsWith("\nPASS\n", result.Output, StringComparison.Ordinal);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Verify_json_has_the_contract_members()
    {
        JsonElement json = Command.Run("verify", models.Shakespeare, Reference, "--json", "--threads", "2").Succeeded().Json();
        Assert.True(json.GetProperty("pass").GetBoolean());
        Assert.Equal(7, json.GetProperty("cases").GetArrayLength());
        Assert.All(json.GetProperty("cases").EnumerateArray(), item =>
        {
            Assert.Equal(
                [
                    "name", "max_abs_diff", "limit", "argmax_mismatches", "argmax_positions", "mean_abs_diff", "rms_diff", "positions", "logits",
                    "not_finite", "top20_share", "top20_equal", "kl_mean", "kl_max", "ulp_histogram",
                ],
                item.EnumerateObject().Select(member => member.Name));
            // The rule: 3e-6 of the largest |logit|, 16.9, is more than 3 * 6.8e-6 = 2.0e-5.
            Assert.InRange(item.GetProperty("limit").GetDouble(), 5.06e-5, 5.08e-5);
            Assert.InRange(item.GetProperty("max_abs_diff").GetDouble(), 1e-9, 5.06e-5);
            Assert.Equal(0, item.GetProperty("argmax_mismatches").GetInt32());
        });
        Assert.All(json.GetProperty("greedy").EnumerateArray(), item => Assert.True(item.GetProperty("identical").GetBoolean()));
    }

    [Theory]
    [InlineData("mygpt_ch15_bare_state_dict/trained_gpt.pt", "--heads", "2")]
    [InlineData("mygpt_ch18_old_config/ch18.ckpt")]
    [InlineData("nanogpt_char_nobias/ckpt.pt")]
    [InlineData("microgpt_relu/microgpt.json")]
    [InlineData("microgpt_relu2/microgpt.json")]
    [InlineData("hf_gpt2_char_bf16/model.safetensors")]
    [InlineData("hf_gpt2_char_f16/pytorch_model.bin")]
    public void Verify_of_every_committed_fixture_passes(string checkpoint, params string[] options)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run(["convert", TestFiles.Fixture(checkpoint), folder.File("w.bin"), .. options]).Succeeded();
        string expected = TestFiles.Fixture(Path.Combine(Path.GetDirectoryName(checkpoint)!, "expected.json"));
        Assert.EndsWith("\nPASS\n", Command.Run("verify", folder.File("w.bin"), expected).Succeeded().Output, StringComparison.Ordinal);
    }

    [SharedTheory]
    [InlineData("fixtures/gpt104_tied/ckpt.pt", "expected.json")]
    [InlineData("fixtures/gpt104_untied_othernames/ckpt.pt", "expected.json", "--activation", "gelu-erf")]
    [InlineData("fixtures/nanogpt_char_bias_compiled/ckpt.pt", "expected.json")]
    [InlineData("fixtures/nanogpt_gpt2vocab/ckpt.pt", "expected.json")]
    [InlineData("fixtures/mygpt_modern_bpe/modern.ckpt", "expected.json")]
    [InlineData("fixtures/hf_gpt2_char/model.safetensors", "expected.json")]
    [InlineData("fixtures/hf_gpt2_char/model_noprefix_with_attn_bias.safetensors", "expected.json")]
    [InlineData("fixtures/hf_gpt2_char/pytorch_model.bin", "expected.json")]
    [InlineData("fixtures/hf_gpt2_char_bf16/pytorch_model.bin", "expected.json")]
    [InlineData("fixtures/hf_gpt2_char_f16/model.safetensors", "expected.json")]
    [InlineData("fixtures/hf_gpt2_vocab50257_f16/model.safetensors", "expected.json")]
    [InlineData("fixtures/llmc_gpt2_tiny/gpt2_tiny.bin", "expected.json")]
    [InlineData("demo/ckpt.pt", "ref/expected.json")]
    public void Verify_of_every_shared_fixture_passes(string checkpoint, string expected, params string[] options)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string source = TestFiles.SharedFile(checkpoint);
        Command.Run(["convert", source, folder.File("w.bin"), .. options]).Succeeded();
        CommandResult result =
            Command.Run("verify", folder.File("w.bin"), Path.Combine(Path.GetDirectoryName(source)!, expected)).Succeeded();
        Assert.EndsWith("\nPASS\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_with_the_wrong_activation_fails_with_exit_code_5()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt"), folder.File("w.bin"), "--activation", "gelu-tanh")
            .Succeeded();
        CommandResult result = Command.Run("verify", folder.File("w.bin"), Reference);
        Assert.Equal(5, result.ExitCode);
        Assert.EndsWith("\nFAIL\n", result.Output, StringComparison.Ordinal);
        result.Shows("differs");
    }

    [Fact]
    public void Verify_counts_a_different_argmax_and_a_different_continuation()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        JsonObject reference = ReadReference();
        reference["cases"]![0]!["argmax_all"]![2] = 64;
        reference["greedy"]![0]!["ids"]![5] = 64;
        File.Copy(TestFiles.Fixture("mygpt_final_shakespeare/logits.f32.bin"), folder.File("logits.f32.bin"));
        CommandResult result = Command.Run("verify", models.Shakespeare, Write(folder, reference), "--json");
        Assert.Equal(5, result.ExitCode);
        JsonElement json = result.Json();
        Assert.False(json.GetProperty("pass").GetBoolean());
        Assert.Equal(1, json.GetProperty("cases")[0].GetProperty("argmax_mismatches").GetInt32());
        Assert.False(json.GetProperty("greedy")[0].GetProperty("identical").GetBoolean());
        Assert.True(json.GetProperty("greedy")[1].GetProperty("identical").GetBoolean());
        // A tolerance replaces the limit of exact weights, not the rest of the rule.
        Assert.Equal(5, Command.Run("verify", models.Shakespeare, folder.File("expected.json"), "--tolerance", "1").ExitCode);
    }

    [Fact]
    public void Verify_of_narrower_weights_judges_only_by_a_tolerance()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt"), folder.File("w.bin"), "--type", "bf16")
            .Succeeded();
        CommandResult without = Command.Run("verify", folder.File("w.bin"), Reference, "--json");
        Assert.Equal(5, without.ExitCode);
        without.Says("narrower than the checkpoint's float32");
        without.Says("nothing is judged without --tolerance X");
        CommandResult text = Command.Run("verify", folder.File("w.bin"), Reference);
        Assert.Equal(5, text.ExitCode);
        Assert.EndsWith("\nNOT JUDGED\n", text.Output, StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, without.Json().GetProperty("cases")[0].GetProperty("limit").ValueKind);
        Command.Run("verify", folder.File("w.bin"), Reference, "--tolerance", "1").Succeeded();
        Assert.Equal(5, Command.Run("verify", folder.File("w.bin"), Reference, "--tolerance", "0.001").ExitCode);

        // Continuations alone are nothing that a tolerance could judge.
        JsonObject greedyOnly = JsonNode.Parse(File.ReadAllBytes(Reference))!.AsObject();
        greedyOnly.Remove("cases");
        CommandResult nothing = Command.Run("verify", folder.File("w.bin"), Write(folder, greedyOnly), "--tolerance", "1");
        Assert.Equal(5, nothing.ExitCode);
        Assert.EndsWith("\nNOT JUDGED\n", nothing.Output, StringComparison.Ordinal);
        nothing.Says("--tolerance judges logits, and the reference has none");
    }

    [Theory]
    [InlineData("q8", "0.3", 1e-3)]
    [InlineData("q4", "5", 1e-2)]
    public void Verify_of_quantised_weights_shows_figures_and_fails_without_a_tolerance(string type, string tolerance, double least)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt"), folder.File("w.bin"), "--type", type).Succeeded();
        CommandResult without = Command.Run("verify", folder.File("w.bin"), Reference, "--json");
        Assert.Equal(5, without.ExitCode);
        without.Says($"the weights are {type}, narrower than the checkpoint's float32");
        without.Says("--tolerance");
        JsonElement json = without.Json();
        Assert.False(json.GetProperty("pass").GetBoolean());
        Assert.All(json.GetProperty("cases").EnumerateArray(), item =>
        {
            Assert.Equal(JsonValueKind.Null, item.GetProperty("limit").ValueKind);
            Assert.InRange(item.GetProperty("max_abs_diff").GetDouble(), least, double.Parse(tolerance, System.Globalization.CultureInfo.InvariantCulture));
        });
        Command.Run("verify", folder.File("w.bin"), Reference, "--tolerance", "1e-4").Shows("FAIL");
        Assert.All(Command.Run("verify", folder.File("w.bin"), Reference, "--tolerance", tolerance, "--json").Json().GetProperty("cases").EnumerateArray(),
            item => Assert.True(item.GetProperty("max_abs_diff").GetDouble() <= item.GetProperty("limit").GetDouble()));
    }

    [Fact]
    public void Verify_uses_float64_logits_where_they_are_named()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string fixture = TestFiles.Fixture("nanogpt_char_nobias");
        JsonObject reference = JsonNode.Parse(File.ReadAllBytes(Path.Combine(fixture, "expected.json")))!.AsObject();
        Assert.NotNull(reference["logits_f64_file"]);
        File.Copy(Path.Combine(fixture, "logits.f64.bin"), folder.File("logits.f64.bin"));   // and no float32 file
        Command.Run("convert", Path.Combine(fixture, "ckpt.pt"), folder.File("w.bin")).Succeeded();
        Command.Run("verify", folder.File("w.bin"), Write(folder, reference)).Succeeded();
    }

    [Theory]
    [InlineData("is not JSON", "not json at all")]
    [InlineData("is not JSON", "{\"cases\": [")]
    [InlineData("is not JSON", "{\"greedy\": [{\"name\": \"\\ud800\", \"prompt_ids\": [1], \"ids\": [1]}]}")]
    [InlineData("an array found, an object needed", "[]")]
    [InlineData("neither 'cases' nor 'greedy' found", "{}")]
    [InlineData("cases: a string found, an array needed", "{\"cases\": \"all\"}")]
    [InlineData("cases[0]: a number found, an object needed", "{\"logits_file\": \"l\", \"cases\": [1]}")]
    [InlineData("cases[0].prompt_ids: an array of token ids needed", "{\"logits_file\": \"l\", \"cases\": [{}]}")]
    [InlineData("cases[0].prompt_ids: 0 ids found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": []}]}")]
    [InlineData("cases[0].prompt_ids: -1 found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [-1]}]}")]
    [InlineData("cases[0].prompt_ids: 1.5 found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1.5]}]}")]
    [InlineData("cases[0].prompt_ids: 9999999999 found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [9999999999]}]}")]
    [InlineData("cases[0].logits_shape: two numbers needed", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1]}]}")]
    [InlineData("cases[0].logits_shape: 2 positions found, 1 needed", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [2, 65]}]}")]
    [InlineData("cases[0].logits_positions: 'first' found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_positions\": \"first\"}]}")]
    [InlineData("cases[0].logits_offset: -4 found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65], \"logits_offset\": -4}]}")]
    [InlineData("cases[0].argmax_all: 2 ids found, 1 needed", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65], \"argmax_all\": [1, 2]}]}")]
    [InlineData("max_abs_diff_f32_f64: a string found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65], \"max_abs_diff_f32_f64\": \"small\"}]}")]
    [InlineData("logits_file: missing", "{\"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65]}]}")]
    [InlineData("logits_file: '../secret' found", "{\"logits_file\": \"../secret\", \"cases\": []}")]
    [InlineData("logits_positions: 'a\\u2028b\\u202ec' found", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_positions\": \"a\u2028b\u202Ec\"}]}")]
    [InlineData("logits_file: 'l\\u202e\\u007f' found", "{\"logits_file\": \"l\u202E\u007F\", \"cases\": []}")]
    [InlineData("logits_file: '/etc/passwd' found", "{\"logits_file\": \"/etc/passwd\", \"cases\": []}")]
    [InlineData("logits_file: '..' found", "{\"logits_file\": \"..\", \"cases\": []}")]
    [InlineData("has 8 bytes; the logits", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65]}]}")]
    [InlineData("has 8 bytes; the logits", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65], \"logits_offset\": 500000000000000000}]}")]
    [InlineData("logits of 2147483647 tokens, the model has 65", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 2147483647]}]}")]
    [InlineData("has token 65, the model's tokens are 0 to 64", "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [65], \"logits_shape\": [1, 65]}]}")]
    [InlineData("has token 65, the model's tokens are 0 to 64", "{\"greedy\": [{\"prompt_ids\": [1], \"ids\": [65]}]}")]
    [InlineData("greedy[0].ids: an array of token ids needed", "{\"greedy\": [{\"prompt_ids\": [1]}]}")]
    public void Verify_with_a_broken_reference_is_one_line_and_exit_code_3(string needed, string json)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("expected.json"), json);
        File.WriteAllBytes(folder.File("l"), new byte[8]);
        Command.Run("verify", models.Shakespeare, folder.File("expected.json")).Failed(3, needed);
    }

    [Theory]
    [InlineData("[trueness,", "")]                                                 // .NET's message has all that follows
    [InlineData("{\"logits_file\": \"", "\", \"cases\": []}")]
    public void Verify_with_a_broken_reference_shows_only_some_of_it(string before, string after)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("expected.json"), before + new string('x', 5000) + after);
        CommandResult result = Command.Run("verify", models.Shakespeare, folder.File("expected.json"));
        result.Failed(3, "expected.json");
        Assert.InRange(result.Error.Length, 1, 1000);
    }

    [Fact]
    public void Verify_with_a_logit_that_is_no_number_in_the_reference_is_exit_code_3()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("expected.json"), "{\"logits_file\": \"l\", \"cases\": [{\"prompt_ids\": [1], \"logits_shape\": [1, 65]}]}");
        byte[] logits = new byte[65 * sizeof(float)];
        BitConverter.TryWriteBytes(logits.AsSpan(40), float.NaN);
        File.WriteAllBytes(folder.File("l"), logits);
        Command.Run("verify", models.Shakespeare, folder.File("expected.json")).Failed(3, "number 10 is NaN");
    }

    [Fact]
    public void Verify_without_its_files_is_exit_code_4()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("verify", models.Shakespeare, folder.File("missing.json")).Failed(4);
        Command.Run("verify", folder.File("missing.bin"), Reference).Failed(4);
        Command.Run("verify", models.Shakespeare, Write(folder, ReadReference())).Failed(4);   // the logits are not beside it
    }

    [Fact]
    public void Verify_of_a_case_longer_than_the_context_says_that_it_belongs_elsewhere()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var ids = new JsonArray([.. Enumerable.Repeat(1, 65).Select(id => JsonValue.Create(id))]);
        var reference = new JsonObject
        {
            ["logits_file"] = "l",
            ["cases"] = new JsonArray(new JsonObject { ["prompt_ids"] = ids, ["logits_positions"] = "last", ["logits_shape"] = new JsonArray(1, 65) }),
        };
        Command.Run("verify", models.Shakespeare, Write(folder, reference)).Failed(3, "is it the reference of this model?");
    }

    private static JsonObject ReadReference() => JsonNode.Parse(File.ReadAllBytes(Reference))!.AsObject();

    private static string Write(TemporaryFolder folder, JsonObject reference)
    {
        string path = folder.File("expected.json");
        File.WriteAllText(path, reference.ToJsonString());
        return path;
    }

    [UnixFact]
    public async Task Verify_of_a_pipe_or_a_device_does_not_wait()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using (Process mkfifo = Process.Start("mkfifo", [folder.File("pipe")]))
            await mkfifo.WaitForExitAsync();
        JsonObject reference = ReadReference();
        File.CreateSymbolicLink(folder.File("zeros"), "/dev/zero");
        foreach (string logits in new[] { "pipe", "zeros" })
        {
            reference["logits_file"] = logits;
            string expected = Write(folder, reference);
            CommandResult result = await Task.Run(() => Command.Run("verify", models.Shakespeare, expected)).WaitAsync(TimeSpan.FromSeconds(60));
            result.Failed(4, $"{logits}' is a pipe or a device");
        }
        CommandResult piped = await Task.Run(() => Command.Run("verify", models.Shakespeare, folder.File("pipe"))).WaitAsync(TimeSpan.FromSeconds(60));
        piped.Failed(4, "is a pipe or a device");
    }

    [Theory]
    [InlineData("Dear model,", "byte 0: 'D' has no place here")]
    [InlineData("{\n \"cases\": [\n", "byte 14: it ends too early")]
    [InlineData("{\"cases\": \"a\nb\"}", "byte 12: a byte 0x0A has no place here")]
    public void Verify_of_what_is_no_JSON_names_the_byte(string text, string reason)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("expected.json"), text);
        Assert.EndsWith($"is not JSON: {reason}", Command.Run("verify", models.Shakespeare, folder.File("expected.json")).Failed(3), StringComparison.Ordinal);
    }
}
