using System.Text;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Weights;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>The reference files of <c>verify</c>: read, and compared with a model.</summary>
internal sealed class ReferenceFileReader() : FuzzReader("expected.json", Make)
{
    private const int VocabSize = 5, Positions = 3;

    private static readonly Lazy<Gpt> Model = new(() =>
    {
        GptConfig config = TinyModels.Config with
        {
            VocabSize = VocabSize, ContextLength = Positions, EmbeddingDim = 2, HeadCount = 1, KvHeadCount = 1, HeadDim = 2, MlpDim = 3, LayerCount = 1,
        };
        return new Tests.Model.InMemoryModel(config).Gpt;
    });

    public override Action Read(string path, FuzzRandom random)
    {
        ReferenceSet reference = ReferenceReader.Read(path);
        return () =>
        {
            using var activations = new Activations(Model.Value.Config, threads: 1);
            new Verifier(Model.Value, activations, static (prompt, count) => new int[count]).Run(reference, exact: true, tolerance: null, withLayers: true);
        };
    }

    private static IEnumerable<FuzzSeed> Make()
    {
        const string Json = """
            {"dtype": "float32", "logits_file": "logits.f32.bin", "cases": [
              {"name": "all", "prompt_ids": [0, 1, 2], "logits_offset": 0, "logits_shape": [3, 5], "logits_positions": "all",
               "argmax_all": [0, 0, 0], "max_abs_diff_f32_f64": 1.5e-6},
              {"name": "last", "prompt_ids": [4], "logits_offset": 15, "logits_shape": [1, 5], "logits_positions": "last"}],
             "greedy": [{"name": "short", "prompt_ids": [1], "ids": [2, 3]}]}
            """;
        byte[] numbers = new byte[20 * sizeof(float)];
        yield return Of(Json, "logits.f32.bin", numbers);
        yield return Of(Json.Replace("\"dtype\": \"float32\", \"logits_file\": \"logits.f32.bin\"", "\"logits_f64_file\": \"logits.f64.bin\"",
            StringComparison.Ordinal), "logits.f64.bin", [.. numbers, .. numbers]);

        // Hidden states in the same file of numbers: 3 rows of 2 and of 3, and a row of 5.
        const string Hidden = """
            {"logits_file": "logits.f32.bin", "cases": [
              {"prompt_ids": [0, 1, 2], "logits_shape": [3, 5], "hidden": {"file": "logits.f32.bin", "dtype": "float32", "operations": [
                {"name": "embedding", "offset": 0, "shape": [3, 2]},
                {"name": "blocks.0.mlp_hidden", "offset": 6, "shape": [3, 3], "max_abs_diff_f32_f64": 1.5e-6}]}},
              {"prompt_ids": [4], "logits_shape": [1, 5], "hidden": {"file": "logits.f32.bin", "operations": [{"name": "logits", "shape": [1, 5]}]}}]}
            """;
        yield return Of(Hidden, "logits.f32.bin", numbers);
    }

    private static FuzzSeed Of(string json, string name, byte[] numbers) => new(
        new FuzzFile("expected.json", PartKind.Json, Encoding.UTF8.GetBytes(json)), new FuzzFile(name, PartKind.Binary, numbers));
}
