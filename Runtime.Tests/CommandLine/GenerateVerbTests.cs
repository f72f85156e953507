using System.Text.Json;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class GenerateVerbTests(Models models)
{
    [Fact]
    public void Generate_prints_prompt_continuation_and_one_newline()
    {
        CommandResult result = Command.Run("generate", models.Words, "I", "-n", "7", "--temperature", "0").Succeeded();
        Assert.Equal("I love AI ! I love AI !\n", result.Output);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Generate_without_a_prompt_on_output_prints_the_continuation_only() =>
        Assert.Equal(" love AI\n",
            Command.Run("generate", models.Words, "I", "-n", "2", "--temperature", "0", "--no-prompt").Succeeded().Output);

    [Fact]
    public void Generate_no_tokens_prints_the_prompt() =>
        Assert.Equal("I\n", Command.Run("generate", models.Words, "I", "-n", "0", "--seed", "1").Succeeded().Output);

    [Fact]
    public void Generate_gives_the_greedy_text_of_the_reference_past_the_window_too()
    {
        using JsonDocument reference = JsonDocument.Parse(File.ReadAllBytes(TestFiles.Fixture("mygpt_final_shakespeare/expected.json")));
        JsonElement greedy = reference.RootElement.GetProperty("greedy").EnumerateArray().Single(item => item.GetProperty("name").GetString() == "past-context");
        string prompt = greedy.GetProperty("prompt_text").GetString()!, text = greedy.GetProperty("text").GetString()!;
        CommandResult result = Command.Run(
            "generate", models.Shakespeare, prompt, "-n", greedy.GetProperty("n").GetRawText(), "--temperature", "0", "-t", "2").Succeeded();
        Assert.Equal($"{prompt}{text}\n", result.Output);
    }

    [Fact]
    public void Generate_with_a_seed_is_the_same_text_for_any_number_of_threads()
    {
        string one = Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "80", "--seed", "5", "-t", "1").Succeeded().Output;
        Assert.Equal(one, Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "80", "--seed", "5", "-t", "3").Succeeded().Output);
        Assert.NotEqual(one, Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "80", "--seed", "6").Succeeded().Output);
    }

    [Fact]
    public void Generate_without_a_seed_prints_the_one_it_chose()
    {
        CommandResult first = Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "50").Succeeded();
        string[] words = Assert.Single(first.Error.TrimEnd('\n').Split('\n')).Split(' ');
        Assert.Equal("seed", words[0]);
        Assert.Equal(first.Output,
            Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "50", "--seed", words[1]).Succeeded().Output);
    }

    [Fact]
    public void Generate_several_samples_separates_them_and_each_is_the_same_alone_or_not()
    {
        string three =
            Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "20", "--seed", "3", "--num-samples", "3").Succeeded().Output;
        string[] samples = three.TrimEnd('\n').Split("\n---\n");
        Assert.Equal(3, samples.Length);
        Assert.All(samples, sample => Assert.StartsWith("ROMEO:", sample, StringComparison.Ordinal));
        Assert.Equal(3, samples.Distinct().Count());
        Assert.Equal(samples[0] + "\n",
            Command.Run("generate", models.Shakespeare, "ROMEO:", "-n", "20", "--seed", "3").Succeeded().Output);
    }

    [Fact]
    public void Generate_json_is_one_object()
    {
        JsonElement json =
            Command.Run("generate", models.Words, "I", "-n", "3", "--temperature", "0", "--seed", "7", "--num-samples", "2", "--json").Succeeded().Json();
        Assert.Equal(["prompt", "prompt_ids", "seed", "samples"], json.EnumerateObject().Select(member => member.Name));
        Assert.Equal("I", json.GetProperty("prompt").GetString());
        Assert.Equal([0], Ids(json.GetProperty("prompt_ids")));
        Assert.Equal(7, json.GetProperty("seed").GetInt64());
        Assert.Equal(2, json.GetProperty("samples").GetArrayLength());
        JsonElement sample = json.GetProperty("samples")[0];
        Assert.Equal(" love AI !", sample.GetProperty("text").GetString());
        Assert.Equal([1, 2, 3], Ids(sample.GetProperty("ids")));
        Assert.Equal("max_tokens", sample.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public void Generate_greedy_json_is_the_same_bytes_every_time()
    {
        string[] args = ["generate", models.Words, "I", "-n", "3", "--temperature", "0", "--json"];
        CommandResult first = Command.Run(args).Succeeded();
        Assert.Equal(0, first.Json().GetProperty("seed").GetInt64());
        Assert.Equal(first.OutputBytes, Command.Run(args).Succeeded().OutputBytes);
    }

    [Theory]
    [InlineData(" AI", "I love\n")]
    [InlineData("e A", "I lov\n")]
    [InlineData("nothing like it", "I love AI ! I\n")]
    public void Generate_never_prints_a_part_of_a_stop_string(string stop, string needed)
    {
        string output =
            Command.Run("generate", models.Words, "I", "-n", "4", "--temperature", "0", "--stop", "never", "--stop", stop).Succeeded().Output;
        Assert.Equal(needed, output);
    }

    [Fact]
    public void Generate_reads_prompts_raw_from_standard_input_and_files()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string prompt = "\n ROMEO:\n\n";
        File.WriteAllText(folder.File("prompt"), prompt);
        string[] rest = ["-n", "5", "--seed", "1"];
        string needed = Command.Run(["generate", models.Shakespeare, prompt, .. rest]).Succeeded().Output;
        Assert.StartsWith(prompt, needed, StringComparison.Ordinal);
        Assert.Equal(needed, Command.Run(Command.Utf8(prompt), ["generate", models.Shakespeare, "-", .. rest]).Succeeded().Output);
        Assert.Equal(needed, Command.Run(["generate", models.Shakespeare, "--file", folder.File("prompt"), .. rest]).Succeeded().Output);
        Command.Run("generate", models.Shakespeare, "--file", folder.File("missing")).Failed(4, "missing");
    }

    [Fact]
    public void Generate_takes_invalid_bytes_as_replacement_characters_and_special_tokens_as_text()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(
            folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259, ContextLength = 64 }, tokenizer: TinyModels.Bpe());
        JsonElement json =
            Command.Run([0xFF, (byte)'a', 0xC3], "generate", weights, "-", "-n", "0", "--json", "--seed", "1").Succeeded().Json();
        Assert.Equal("\uFFFDa\uFFFD", json.GetProperty("prompt").GetString());
        Assert.Equal([0xEF, 0xBF, 0xBD, 'a', 0xEF, 0xBF, 0xBD], Ids(json.GetProperty("prompt_ids")));

        string[] special = ["generate", weights, "the<|endoftext|>", "-n", "0", "--json", "--seed", "1"];
        Assert.Equal(14, Command.Run(special).Succeeded().Json().GetProperty("prompt_ids").GetArrayLength());
        Assert.Equal([257, 258], Ids(Command.Run([.. special, "--special"]).Succeeded().Json().GetProperty("prompt_ids")));
    }

    [Theory]
    [InlineData("--json", "--")]
    [InlineData("-n", "--")]
    [InlineData("- an item")]
    [InlineData("-5 degrees")]
    [InlineData("@file")]
    [InlineData("[diagram]")]
    public void Generate_takes_prompts_that_look_like_something_else(string prompt, string? before = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(
            folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259, ContextLength = 64 }, tokenizer: TinyModels.Bpe());
        string[] args = before is null ? [prompt] : [before, prompt];
        Assert.Equal(prompt + "\n", Command.Run(["generate", weights, "-n", "0", "--seed", "1", .. args]).Succeeded().Output);
    }

    [Fact]
    public void Generate_whose_tokens_are_parts_of_characters_prints_valid_utf8()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(
            folder.File("bpe.bin"), TinyModels.Config with { VocabSize = 259, ContextLength = 64 }, tokenizer: TinyModels.Bpe());
        CommandResult result =
            Command.Run("generate", weights, "é", "-n", "50", "--seed", "2", "--temperature", "5", "--top-k", "0").Succeeded();
        Assert.StartsWith("é", result.Output, StringComparison.Ordinal);
        Assert.NotEqual(0xEF, result.OutputBytes[0]);   // no byte order mark
    }

    [Fact]
    public void Generate_without_a_vocabulary_takes_and_prints_ids()
    {
        string[] greedy = ["-n", "6", "--temperature", "0"];
        Assert.Equal("0 1 2 3 0 1 2 3\n", Command.Run(["generate", models.NoVocabulary, "--ids", "0,1", .. greedy]).Succeeded().Output);
        Assert.Equal("2 3 0 1 2 3\n",
            Command.Run(["generate", models.NoVocabulary, "--ids", "0, 1", "--no-prompt", .. greedy]).Succeeded().Output);
        JsonElement json = Command.Run(["generate", models.NoVocabulary, "--ids", "0,1", "--json", .. greedy]).Succeeded().Json();
        Assert.Equal(JsonValueKind.Null, json.GetProperty("prompt").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("samples")[0].GetProperty("text").ValueKind);
        Command.Run("generate", models.NoVocabulary, "I").Failed(2, "--vocab FILE");
        Command.Run("generate", models.NoVocabulary, "--ids", "1", "--stop", "x").Failed(2, "--stop needs text");
    }

    [Fact]
    public void Generate_from_ids_of_a_model_with_a_vocabulary_prints_text() =>
        Assert.Equal("I love AI !\n",
            Command.Run("generate", models.Words, "--ids", "0,1", "-n", "2", "--temperature", "0").Succeeded().Output);

    [Theory]
    [InlineData("I", 64)]
    [InlineData("I love AI !", 61)]
    public void Generate_past_the_window_warns_once_of_where_it_is_and_of_the_way_out(string prompt, int within)
    {
        CommandResult result = Command.Run("generate", models.Words, prompt, "-n", "100", "--temperature", "0").Succeeded();
        Assert.Equal($"warning: the context of 64 tokens is full after new token {within}: each one that follows is computed from the last 64 anew, which is slow; "
            + "--overflow stop ends there\n", result.Error);
        Assert.Equal(100 + prompt.Split(' ').Length, result.Output.TrimEnd('\n').Split(' ').Length);
        string[] stopped = ["generate", models.Words, prompt, "--temperature", "0", "--overflow", "stop", "--json"];
        Assert.Equal(within, Command.Run([.. stopped, "-n", "100"]).Succeeded().Json().GetProperty("samples")[0].GetProperty("ids").GetArrayLength());
        string[] fits = ["generate", models.Words, prompt, "--temperature", "0", "-n", $"{within}"];
        Assert.Equal("", Command.Run(fits).Succeeded().Error);
        fits[^1] = $"{within + 1}";
        Command.Run([.. fits, "--json"]).Succeeded().Says($"after new token {within}: ");
    }

    [Fact]
    public void Generate_with_overflow_stop_ends_where_the_context_does()
    {
        CommandResult result =
            Command.Run("generate", models.Words, "I", "-n", "100", "--temperature", "0", "--overflow", "stop", "--json").Succeeded();
        JsonElement sample = result.Json().GetProperty("samples")[0];
        Assert.Equal("context_full", sample.GetProperty("finish_reason").GetString());
        Assert.Equal(64, sample.GetProperty("ids").GetArrayLength());
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void Generate_with_rounded_keys_and_values_is_the_same_text_each_time_and_another_than_with_exact_ones()
    {
        string Text(params string[] options) =>
            Command.Run(["generate", models.Shakespeare, "I", "-n", "63", "--seed", "1", "--num-samples", "20", "--temperature", "2", .. options]).Succeeded().Output;
        string rounded = Text("--kv-type", "bf16", "-t", "1");
        Assert.Equal(rounded, Text("--kv-type", "bf16", "-t", "2"));
        Assert.Equal(Text(), Text("--kv-type", "f32"));
        Assert.NotEqual(Text(), rounded);
    }

    [Fact]
    public void Generate_without_a_cache_is_the_same_text_and_the_same_hash_of_logits()
    {
        string[] args = ["generate", models.Shakespeare, "ROMEO:", "-n", "70", "--seed", "4", "--num-samples", "2", "--hash"];
        CommandResult cached = Command.Run([.. args, "-t", "2"]).Succeeded(), anew = Command.Run([.. args, "--no-kv-cache", "-t", "1"]).Succeeded();
        Assert.Equal(cached.OutputBytes, anew.OutputBytes);
        string[] hashes = Hashes(cached);
        Assert.Equal(2, hashes.Distinct().Count());
        Assert.Equal(hashes, Hashes(anew));
        Assert.NotEqual(hashes, Hashes(Command.Run([.. args, "--kv-type", "bf16"]).Succeeded()));

        JsonElement json = Command.Run([.. args, "--json"]).Succeeded().Json();
        Assert.Equal(hashes, json.GetProperty("samples").EnumerateArray().Select(sample => sample.GetProperty("logits_sha256").GetString()));

        static string[] Hashes(CommandResult result) =>
            [.. result.Error.Split('\n').Where(line => line.StartsWith("logits of sample ", StringComparison.Ordinal)).Select(line => line.Split(' ')[^1])];
    }

    [Fact]
    public void Generate_from_a_prompt_longer_than_the_context_sees_its_end_or_refuses()
    {
        string prompt = string.Join(' ', Enumerable.Repeat("I love AI !", 20));
        CommandResult result = Command.Run("generate", models.Words, prompt, "-n", "2", "--temperature", "0").Succeeded();
        string line = Assert.Single(result.Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("warning: the prompt has 80 tokens, the context holds 64", line, StringComparison.Ordinal);
        string end =
            Command.Run("generate", models.Words, prompt[^(16 * 11 + 15)..], "-n", "2", "--temperature", "0", "--no-prompt").Succeeded().Output;
        Assert.Equal(prompt + end, result.Output);
        Command.Run("generate", models.Words, prompt, "--overflow", "stop").Failed(2, "80 tokens");
    }

    [Fact]
    public void Generate_from_an_empty_prompt_begins_with_the_start_token_or_says_why_not()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string weights = TinyModels.Write(folder.File("start.bin"), TinyModels.Config, tokenizer: TinyModels.Characters("abcdefghijk"),
            generation: new GenerationDefaults { StartToken = 3 });
        CommandResult result = Command.Run("generate", weights, "", "-n", "2", "--seed", "1").Succeeded();
        Assert.Equal("note: the prompt is empty; beginning with token 3, 'd'\n", result.Error);
        Assert.Equal(3, result.Output.Length);   // the start token is not text
        Assert.Equal(result.Output, Command.Run("generate", weights, "-n", "2", "--seed", "1").Succeeded().Output);
        CommandResult ignored = Command.Run(Command.Utf8("abc"), "generate", weights, "-n", "2", "--seed", "1").Succeeded();
        Assert.Equal("note: the prompt is empty; beginning with token 3, 'd'; give - to read standard input\n", ignored.Error);
        Assert.Equal(result.Error, Command.Run(Command.Utf8("abc"), "generate", weights, "", "-n", "2", "--seed", "1").Succeeded().Error);
        Command.Run("generate", models.Words, "").Failed(2, "the prompt is empty");
        Command.Run("generate", models.NoVocabulary).Failed(2, "--ids 1,2,3");
    }

    [Fact]
    public void Generate_with_an_id_outside_the_vocabulary_names_it()
    {
        Command.Run("generate", models.NoVocabulary, "--ids", "0,4").Failed(2, "token id 4 ");
        Command.Run("generate", models.Shakespeare, "--ids", "65").Failed(2, "token id 65 ");
    }

    [Fact]
    public void Generate_of_unknown_text_names_it_and_its_place()
    {
        Assert.Matches("'é'.* 3 ", Command.Run("generate", models.Shakespeare, "caf\u00e9").Failed(2));
        Command.Run("generate", models.Words, "I love Python").Failed(2, "'Python'");
    }

    [Fact]
    public void Generate_shows_the_prompt_as_the_model_sees_it()
    {
        string[] greedy = ["-n", "0", "--temperature", "0", "--unknown", "skip"];
        Assert.Equal("caf\n", Command.Run(["generate", models.Shakespeare, "caf\u00e9", .. greedy]).Succeeded().Output);
        Assert.Equal("caf", Command.Run(["generate", models.Shakespeare, "caf\u00e9", "--json", .. greedy]).Succeeded().Json().GetProperty("prompt").GetString());
    }

    [Fact]
    public void Generate_of_a_checkpoint_says_how_to_convert_it()
    {
        string checkpoint = TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt");
        Command.Run("generate", checkpoint, "ROMEO:").Failed(3, $"mygpt-rt convert {checkpoint} weights.bin");
    }

    [Fact]
    public void Generate_from_files_that_are_no_weights_is_exit_code_3_or_4()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllText(folder.File("letter.txt"), "Dear model,");
        File.WriteAllBytes(folder.File("cut.bin"), File.ReadAllBytes(models.Words)[..^1]);
        Command.Run("generate", folder.File("letter.txt"), "I").Failed(3);
        Command.Run("generate", folder.File("cut.bin"), "I").Failed(3);
        Command.Run("generate", folder.File("missing.bin"), "I").Failed(4, "missing.bin");
        Command.Run("generate", folder.FullPath, "I").Failed(4);
    }

    [Fact]
    public void Generate_stats_go_to_standard_error()
    {
        CommandResult result = Command.Run("generate", models.Words, "I", "-n", "5", "--temperature", "0", "--stats").Succeeded();
        Assert.Equal("I love AI ! I love\n", result.Output);
        result.Says("prompt", "generated", "decoded", "tokens/s", "opened in", "first token after");
    }

    [Fact]
    public void Generate_stats_show_each_rate_beside_the_tokens_it_is_of()
    {
        CommandResult result = Command.Run("generate", models.Words, "I", "-n", "100", "--temperature", "0", "--stats").Succeeded();
        Assert.Matches(@"\ngenerated +100  tokens *\ndecoded +63  tokens +[\d.]+  tokens/s\npast the window +36  tokens +[\d.]+  tokens/s\n", result.Error);
    }

    private static IEnumerable<int> Ids(JsonElement ids) => ids.EnumerateArray().Select(id => id.GetInt32());
}
