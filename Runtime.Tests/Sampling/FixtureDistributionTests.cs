using System.Runtime.InteropServices;
using System.Text.Json;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Sampling;

/// <summary>The <c>sampling</c> blocks of the fixtures: real logits in, the probabilities that upstream's generate() drew from out.</summary>
public class FixtureDistributionTests
{
    [Theory]
    [InlineData("mygpt_ch15_bare_state_dict", 25)]
    [InlineData("mygpt_ch18_old_config", 35)]
    [InlineData("mygpt_final_shakespeare", 35)]
    [InlineData("nanogpt_char_nobias", 25)]
    public void Sample_draws_from_upstreams_probabilities(string fixture, int count) => Check(Path.GetDirectoryName(TestFiles.Fixture($"{fixture}/expected.json"))!, count);

    [SharedTheory]
    [InlineData("gpt104_tied", 25)]
    [InlineData("nanogpt_gpt2vocab", 25)]
    public void Sample_draws_from_upstreams_probabilities_of_large_vocabularies(string fixture, int count) => Check(TestFiles.SharedFile($"fixtures/{fixture}"), count);

    private static void Check(string folder, int count)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "expected.json")));
        ReadOnlySpan<float> logits = MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(Path.Combine(folder, json.RootElement.GetProperty("logits_file").GetString()!)));
        Dictionary<string, JsonElement> cases = json.RootElement.GetProperty("cases").EnumerateArray().ToDictionary(item => item.GetProperty("name").GetString()!);
        JsonElement[] samplings = [.. json.RootElement.GetProperty("sampling").EnumerateArray()];
        foreach (JsonElement sampling in samplings)
        {
            JsonElement item = cases[sampling.GetProperty("case").GetString()!], shape = item.GetProperty("logits_shape");
            int vocabSize = shape[1].GetInt32(), last = item.GetProperty("logits_offset").GetInt32() + ((shape[0].GetInt32() - 1) * vocabSize);
            float noise = LogitNoise(item.GetProperty("max_abs_diff_f32_f64").GetSingle(), sampling.GetProperty("temperature").GetSingle());
            float[] probabilities = Probabilities(sampling, logits.Slice(last, vocabSize));

            bool isWhole = sampling.TryGetProperty("probs", out JsonElement expected);
            if (!isWhole)
                expected = sampling.GetProperty("probs_at_ids");
            Assert.Equal(sampling.GetProperty("n_nonzero").GetInt32(), probabilities.Count(p => p > 0));
            for (int i = 0; i < expected.GetArrayLength(); i++)
            {
                int id = isWhole ? i : sampling.GetProperty("ids")[i].GetInt32();
                float p = expected[i].GetSingle();
                Assert.Equal(p, probabilities[id], SamplerPipelineTests.Tolerance(p, vocabSize) + (noise * p));
            }
        }
        Assert.Equal(count, samplings.Length);
    }

    // Some generate() functions compute the head for the last position only, in another order than the logits in the file: each is
    // within d of float64, so they differ by 2 d, and the logarithm of a probability moves by twice that over the temperature.
    private static float LogitNoise(float difference, float temperature) => 4 * difference / temperature;

    private static float[] Probabilities(JsonElement sampling, ReadOnlySpan<float> logits)
    {
        float[] scaled = logits.ToArray();
        new Temperature(sampling.GetProperty("temperature").GetSingle()).Apply(scaled);
        if (sampling.GetProperty("top_k") is { ValueKind: JsonValueKind.Number } k)
            new TopK(k.GetInt32()).Apply(scaled);
        return Distribution.Of(scaled);
    }
}
