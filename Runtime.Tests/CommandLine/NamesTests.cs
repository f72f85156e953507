using System.Text.Json;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>A model of names: every text begins with one token, ends with it, and is at most as long as the context.</summary>
public sealed class NamesTests : IDisposable
{
    private const int Boundary = 10;

    private readonly TemporaryFolder _folder = TestFiles.NewFolder(nameof(NamesTests));
    private readonly string _names;

    public NamesTests() => _names = Write("names.bin", TinyModels.Characters("abcdefghij"));

    private static GenerationDefaults Generation { get; } =
        new() { StartToken = Boundary, StartBeforePrompt = true, EndToken = Boundary, Overflow = Overflow.Stop };

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Generate_five_names_prints_a_line_each_and_nothing_else()
    {
        CommandResult result = Command.Run("generate", _names, "--num-samples", "5", "--seed", "1").Succeeded();

        JsonElement[] samples = [.. Json("--num-samples", "5", "--seed", "1").GetProperty("samples").EnumerateArray()];
        Assert.Equal(string.Concat(samples.Select(sample => Text(sample) + "\n")), result.Output);
        Assert.Equal(5, result.Output.Count(c => c == '\n'));
        Assert.Equal("", result.Error);   // how such a model begins is no surprise
        Assert.All(samples, sample => Assert.Matches("^[a-j]{0,7}$", Text(sample)));
    }

    [Theory]
    [InlineData("microgpt_relu", 16)]
    [InlineData("microgpt_relu2", 8)]
    public void Convert_then_generate_prints_names_of_microgpt(string fixture, int blockSize)
    {
        string weights = _folder.File("microgpt.bin");
        Command.Run("convert", TestFiles.Fixture($"{fixture}/microgpt.json"), weights).Succeeded();
        CommandResult result = Command.Run("generate", weights, "--num-samples", "5", "--seed", "1").Succeeded();

        Assert.Matches($"^([a-z]{{1,{blockSize}}}\n){{5}}$", result.Output);
        Assert.Equal("", result.Error);
        Assert.StartsWith("em", Command.Run("generate", weights, "em", "--seed", "1").Succeeded().Output, StringComparison.Ordinal);
        JsonElement json = Command.Run("generate", weights, "--num-samples", "5", "--seed", "1", "--json").Succeeded().Json();
        Assert.Equal(result.Output, string.Concat(json.GetProperty("samples").EnumerateArray().Select(sample => Text(sample) + "\n")));
    }

    [Fact]
    public void Generate_ends_at_the_end_token_or_where_the_context_does()
    {
        JsonElement[] samples = [.. Json("--num-samples", "40", "--seed", "2", "--temperature", "3").GetProperty("samples").EnumerateArray()];

        foreach (JsonElement sample in samples)
        {
            int[] ids = [.. sample.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            bool ended = sample.GetProperty("finish_reason").GetString() == "end_token";
            Assert.True(ended || (sample.GetProperty("finish_reason").GetString() == "context_full" && ids.Length == TinyModels.Config.ContextLength));
            Assert.Equal(ended ? ids.Length - 1 : -1, Array.IndexOf(ids, Boundary));
            Assert.Equal(string.Concat(ids.Where(id => id != Boundary).Select(id => (char)('a' + id))), Text(sample));
        }
        Assert.Equal(2, samples.Select(sample => sample.GetProperty("finish_reason").GetString()).Distinct().Count());
    }

    [Fact]
    public void Generate_overflow_crop_goes_on_past_the_context() =>
        Assert.Contains(
            Json("--num-samples", "40", "--seed", "2", "--temperature", "3", "--overflow", "crop").GetProperty("samples").EnumerateArray(),
            sample => Text(sample).Length > TinyModels.Config.ContextLength);

    [Fact]
    public void Generate_from_a_prompt_puts_the_start_token_before_it_and_prints_none()
    {
        JsonElement json = Json("cab", "--seed", "3");
        Assert.Equal([Boundary, 2, 0, 1], json.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal("cab", json.GetProperty("prompt").GetString());
        string output = Command.Run("generate", _names, "cab", "--seed", "3").Succeeded().Output;
        Assert.Equal("cab" + Text(json.GetProperty("samples")[0]) + "\n", output);
    }

    [Fact]
    public void Generate_from_a_prompt_that_fills_the_context_names_the_way_out() =>
        Command.Run("generate", _names, "abcdefgh").Failed(2, "--overflow crop");

    [Fact]
    public void Generate_ids_of_a_model_without_a_vocabulary_leaves_the_end_token_out()
    {
        string[] lines = Command.Run("generate", Write("ids.bin", null), "--num-samples", "40", "--seed", "2", "--temperature", "3").Succeeded().Output.Split('\n');
        Assert.Equal(41, lines.Length);
        Assert.All(lines, line => Assert.Matches("^([0-9]( [0-9])*)?$", line));   // never 10
    }

    [Theory]
    [InlineData("abcdefghi\n")]
    [InlineData("abcdefghi\r")]
    public void Generate_with_a_line_break_in_the_vocabulary_separates_samples(string characters)
    {
        string weights = Write("break.bin", TinyModels.Characters(characters));
        Assert.Contains("\n---\n", Command.Run("generate", weights, "--num-samples", "2", "--seed", "1").Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Inspect_says_how_texts_begin_and_end() =>
        Command.Run("inspect", _names).Succeeded()
            .Shows($"every text starts with token {Boundary}, ends with token {Boundary}, stops when the context is full");

    private static string Text(JsonElement sample) => sample.GetProperty("text").GetString()!;

    private string Write(string name, TokenizerData? tokenizer) => TinyModels.Write(
        _folder.File(name), TinyModels.Config with { Activation = ActivationKind.Relu }, tokenizer: tokenizer, generation: Generation);

    private JsonElement Json(params string[] args) => Command.Run(["generate", _names, .. args, "--json"]).Succeeded().Json();
}
