using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What alone decides a verification: each part of the rule where nothing else is wrong.</summary>
[Collection(SharedModels.Name)]
public sealed class VerifyVerdictTests : IDisposable
{
    private readonly Models _models;
    private readonly TemporaryFolder _folder = new(nameof(VerifyVerdictTests));
    private readonly JsonObject _reference = JsonNode.Parse(File.ReadAllBytes(TestFiles.Fixture("mygpt_final_shakespeare/expected.json")))!.AsObject();

    public VerifyVerdictTests(Models models)
    {
        _models = models;
        File.Copy(TestFiles.Fixture("mygpt_final_shakespeare/logits.f32.bin"), _folder.File("logits.f32.bin"));
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Another_most_likely_token_alone_fails()
    {
        _reference["cases"]![0]!["argmax_all"]![2] = 64;
        JsonElement json = Fails();
        Assert.Equal(1, json.GetProperty("total").GetProperty("argmax_mismatches").GetInt32());
        Assert.All(json.GetProperty("greedy").EnumerateArray(), item => Assert.True(item.GetProperty("identical").GetBoolean()));
    }

    [Fact]
    public void Another_continuation_alone_fails()
    {
        _reference["greedy"]![0]!["ids"]![5] = 64;
        JsonElement json = Fails();
        Assert.Equal(0, json.GetProperty("total").GetProperty("argmax_mismatches").GetInt32());
        Assert.Equal((false, 5), (json.GetProperty("greedy")[0].GetProperty("identical").GetBoolean(), json.GetProperty("greedy")[0].GetProperty("same_tokens").GetInt32()));
    }

    [Fact]
    public void Most_likely_tokens_are_those_of_the_logits_where_the_reference_names_none()
    {
        _reference.Remove("greedy");
        foreach (JsonNode? item in _reference["cases"]!.AsArray())
            item!.AsObject().Remove("argmax_all");
        Assert.Equal(168, Verify().Succeeded().Json().GetProperty("total").GetProperty("argmax_positions").GetInt32());

        // One logit of the first position becomes the largest: within a tolerance of 1000 that is all that is wrong.
        byte[] logits = File.ReadAllBytes(_folder.File("logits.f32.bin"));
        BitConverter.TryWriteBytes(logits.AsSpan(64 * sizeof(float)), 100f);
        File.WriteAllBytes(_folder.File("logits.f32.bin"), logits);
        Assert.Equal(1, Fails("--tolerance", "1000").GetProperty("total").GetProperty("argmax_mismatches").GetInt32());
    }

    [Fact]
    public void Largest_difference_may_be_the_limit_and_no_more()
    {
        double largest = Verify().Succeeded().Json().GetProperty("total").GetProperty("max_abs_diff").GetDouble();
        Verify("--tolerance", Text(largest)).Succeeded();
        Fails("--tolerance", Text(Math.BitDecrement(largest)));

        static string Text(double value) => value.ToString("R", CultureInfo.InvariantCulture);
    }

    [Fact]
    public void Limit_is_of_the_largest_float_error_of_all_cases()
    {
        _reference["cases"]![1]!["max_abs_diff_f32_f64"] = 1;
        Assert.Equal(3, Verify().Succeeded().Json().GetProperty("total").GetProperty("limit").GetDouble());
    }

    private JsonElement Fails(params string[] options)
    {
        CommandResult result = Verify(options);
        Assert.Equal(5, result.ExitCode);
        Assert.Equal((true, false), (result.Json().GetProperty("judged").GetBoolean(), result.Json().GetProperty("pass").GetBoolean()));
        return result.Json();
    }

    private CommandResult Verify(params string[] options)
    {
        File.WriteAllText(_folder.File("expected.json"), _reference.ToJsonString());
        return Command.Run(["verify", _models.Shakespeare, _folder.File("expected.json"), "--json", .. options]);
    }
}
