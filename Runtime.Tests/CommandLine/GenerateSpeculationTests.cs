using System.Text.Json;

namespace MyGpt.Runtime.Tests.CommandLine;

[Collection(SharedModels.Name)]
public class GenerateSpeculationTests(Models models)
{
    private static readonly string Demo = Path.Combine(TestFiles.Root, "weights", "demo.bin");

    [Fact]
    public void Generate_speculating_prints_the_same_text_and_counts_what_was_guessed()
    {
        string[] args = ["generate", Demo, "a a a a", "-n", "50", "--temperature", "0", "--hash"];
        CommandResult plain = Command.Run(args).Succeeded(), guessed = Command.Run([.. args, "--speculate", "8", "--stats"]).Succeeded();

        Assert.Equal(plain.Output, guessed.Output);
        Assert.StartsWith(plain.Error, guessed.Error, StringComparison.Ordinal);
        guessed.Says("decoded in", "steps", "guessed right", "guessed");
        JsonElement json = Command.Run([.. args, "--speculate", "8", "--json"]).Succeeded().Json();
        Assert.Equal(["prompt", "prompt_ids", "seed", "samples", "speculation"], json.EnumerateObject().Select(member => member.Name));
        int proposed = json.GetProperty("speculation").GetProperty("proposed_tokens").GetInt32(), accepted = json.GetProperty("speculation").GetProperty("accepted_tokens").GetInt32();
        Assert.InRange(accepted, 1, proposed);
        Assert.Equal(49 - accepted, json.GetProperty("speculation").GetProperty("steps").GetInt32());   // the first token is the prompt's
        Assert.Equal(50, json.GetProperty("samples")[0].GetProperty("ids").GetArrayLength());
    }

    [Theory]
    [InlineData("65")]
    [InlineData("-1")]
    public void Generate_speculation_out_of_range_is_a_usage_error(string most) =>
        Command.Run("generate", models.Words, "I", "--speculate", most).Failed(2, "--speculate");

    [Fact]
    public void Generate_speculation_without_a_cache_is_a_usage_error()
    {
        string[] args = ["generate", models.Words, "I", "-n", "7", "--temperature", "0", "--no-kv-cache"];
        Command.Run([.. args, "--speculate", "3"]).Failed(2, "--speculate");
        Assert.Equal("I love AI ! I love AI !\n", Command.Run([.. args, "--speculate", "0"]).Succeeded().Output);
    }

    [Theory]
    [InlineData("100", "no more than 3 tokens")]
    [InlineData("400", "nothing is guessed")]
    public void Generate_speculation_that_takes_too_much_memory_says_so_in_one_line(string samples, string note)
    {
        string[] args = ["generate", Demo, "I", "-n", "0", "--seed", "1", "--speculate", "8", "--num-samples"];
        string error = Command.Run([.. args, samples]).Says(note, "--speculate 8", $"{samples} samples", "50,257").Error;
        Assert.Single(error.TrimEnd('\n').Split('\n'));
        Assert.Equal("", Command.Run([.. args, "1"]).Succeeded().Error);
    }

    [Fact]
    public void Generate_speculation_with_a_small_model_says_that_it_gains_nothing()
    {
        CommandResult result = Command.Run("generate", models.Words, "I", "-n", "7", "--temperature", "0", "--speculate", "3");
        Assert.Equal("I love AI ! I love AI !\n", result.Output);
        Assert.Single(result.Says("nothing is guessed", "--speculate 3", "small").Error.TrimEnd('\n').Split('\n'));
    }
}
