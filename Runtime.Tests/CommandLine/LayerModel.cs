using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>A small model, and a reference of it with hidden states that the double-precision reference computed.</summary>
internal sealed class LayerModel : IDisposable
{
    private readonly TemporaryFolder _folder = new(nameof(LayerModel));

    /// <summary>The model that the reference is of. Its context is longer than the stretches that verify runs at a time.</summary>
    public static GptConfig Config { get; } = TinyModels.Config with
    {
        ContextLength = 50, EmbeddingNorm = true, GatedMlp = true, Position = PositionKind.RotaryPairs, HeadDim = 8,
    };

    public string Weights => _folder.File("weights.bin");

    public string Reference => _folder.File("expected.json");

    /// <summary>The parsed reference, to be changed and written again.</summary>
    public JsonObject Json => field ??= JsonNode.Parse(File.ReadAllBytes(Reference))!.AsObject();

    public void Dispose() => _folder.Dispose();

    public void WriteJson() => File.WriteAllText(Reference, Json.ToJsonString());

    /// <summary>Writes a model; what is changed in it differs from the reference's.</summary>
    public void WriteWeights(GptConfig? config = null, string? changedTensor = null, ElementType type = ElementType.F32)
    {
        if (type != ElementType.F32)
        {
            TinyModels.Write(Weights, config ?? Config, matrixType: type);
            return;
        }
        ModelFile.Write(Weights, new() { Config = config ?? Config, Source = [] }, type, spec => stream =>
        {
            float[] values = TinyModels.Values(spec, seed: 1);
            if (spec.Name == changedTensor)
                values[values.Length / 2] *= 1.01f;
            stream.Write(MemoryMarshal.AsBytes<float>(values));
        }, overwrite: true);
    }

    /// <summary>Writes the reference: a prompt of 45 tokens and one of 3, logits in float64.</summary>
    /// <param name="hiddenIsDouble">The type of the hidden states.</param>
    /// <param name="wanted">Which operations; null for all.</param>
    public void WriteReference(bool hiddenIsDouble = true, Func<string, bool>? wanted = null)
    {
        var tensors = TensorSpec.For(Config).ToDictionary(spec => spec.Name, spec => TinyModels.Values(spec, seed: 1).Select(value => (double)value).ToArray());
        var gpt = new ReferenceGpt(Config, name => tensors[name]);
        List<double> logits = [], hidden = [];
        var cases = new JsonArray();
        foreach (int length in new[] { 45, 3 })
        {
            int[] ids = [.. Enumerable.Range(0, length).Select(i => (i * 7 + 2) % Config.VocabSize)];
            var operations = new JsonArray();
            int offset = logits.Count;
            double[][] rows = gpt.Forward(ids, (name, output) =>
            {
                if (wanted?.Invoke(name) == false)
                    return;
                operations.Add(new JsonObject { ["name"] = name, ["offset"] = hidden.Count, ["shape"] = new JsonArray(length, output[0].Length) });
                hidden.AddRange(output.SelectMany(row => row));
            });
            logits.AddRange(rows.SelectMany(row => row));
            cases.Add(new JsonObject
            {
                ["name"] = $"of {length}",
                ["prompt_ids"] = new JsonArray([.. ids.Select(id => JsonValue.Create(id))]),
                ["logits_offset"] = offset,
                ["logits_shape"] = new JsonArray(length, Config.VocabSize),
                ["hidden"] = new JsonObject { ["file"] = "hidden.bin", ["dtype"] = hiddenIsDouble ? "float64" : "float32", ["operations"] = operations },
            });
        }
        File.WriteAllBytes(_folder.File("logits.bin"), MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(logits)));
        File.WriteAllBytes(_folder.File("hidden.bin"), hiddenIsDouble
            ? MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(hidden))
            : MemoryMarshal.AsBytes<float>(hidden.Select(value => (float)value).ToArray()));
        File.WriteAllText(Reference, new JsonObject { ["logits_f64_file"] = "logits.bin", ["cases"] = cases }.ToJsonString());
    }

    public CommandResult Verify(params string[] options) => Command.Run(["verify", Weights, Reference, "--layers", .. options]);
}
