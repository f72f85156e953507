using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

/// <summary>
/// A valid Hugging Face GPT-2, as small as one can be with all sizes different: V 5, T 3, C 4, L 2, NH 2, F 16. Tests change one thing and
/// write it, in one file or in two shards.
/// </summary>
internal sealed class TinyHuggingFace
{
    public const int VocabSize = 5, ContextLength = 3, Width = 4, Layers = 2, Heads = 2, Hidden = 16;

    /// <summary>The state dict, matrices of blocks (in, out).</summary>
    public List<(string Name, TestTensor Tensor)> State { get; } = [];

    /// <summary>config.json; null for a folder without one.</summary>
    public JsonObject? Config { get; set; } = new()
    {
        ["model_type"] = "gpt2",
        ["n_layer"] = Layers,
        ["n_head"] = Heads,
        ["n_embd"] = Width,
        ["n_positions"] = ContextLength,
        ["n_inner"] = null,
        ["vocab_size"] = VocabSize,
        ["activation_function"] = "gelu_new",
        ["layer_norm_epsilon"] = 1e-5,
        ["bos_token_id"] = 4,
        ["eos_token_id"] = 3,
    };

    public TinyHuggingFace(string prefix = "")
    {
        int seed = 1;
        Add("wte.weight", VocabSize, Width);
        Add("wpe.weight", ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"h.{layer}.";
            Add(block + "ln_1.weight", Width);
            Add(block + "ln_1.bias", Width);
            Add(block + "attn.c_attn.weight", Width, 3 * Width);
            Add(block + "attn.c_attn.bias", 3 * Width);
            Add(block + "attn.c_proj.weight", Width, Width);
            Add(block + "attn.c_proj.bias", Width);
            Add(block + "ln_2.weight", Width);
            Add(block + "ln_2.bias", Width);
            Add(block + "mlp.c_fc.weight", Width, Hidden);
            Add(block + "mlp.c_fc.bias", Hidden);
            Add(block + "mlp.c_proj.weight", Hidden, Width);
            Add(block + "mlp.c_proj.bias", Width);
        }
        Add("ln_f.weight", Width);
        Add("ln_f.bias", Width);

        void Add(string name, params long[] shape) => State.Add((prefix + name, TestTensor.Random(seed++, shape)));
    }

    /// <summary>A tensor of the state dict; set to change or add it, to null to take it out.</summary>
    public TestTensor? this[string name]
    {
        get => State.Single(entry => entry.Name == name).Tensor;
        set
        {
            int index = State.FindIndex(entry => entry.Name == name);
            if (index >= 0)
                State.RemoveAt(index);
            if (value is not null)
                State.Insert(index < 0 ? State.Count : index, (name, value));
        }
    }

    /// <summary>Changes this model.</summary>
    public TinyHuggingFace But(Action<TinyHuggingFace> change)
    {
        change(this);
        return this;
    }

    /// <summary>Sets a field of the config.</summary>
    public TinyHuggingFace With(string field, JsonNode? value)
    {
        Config![field] = value;
        return this;
    }

    /// <summary>Writes model.safetensors and its config.</summary>
    public void Write(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder.File("model.safetensors"), Safetensors(State));
        WriteConfig(folder);
    }

    /// <summary>Writes pytorch_model.bin and its config.</summary>
    public void WritePyTorch(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder.File("pytorch_model.bin"), PyTorch(State));
        WriteConfig(folder);
    }

    /// <summary>Writes an index with two shards, and the config.</summary>
    public void WriteShards(TemporaryFolder folder, string stem = "model", string extension = "safetensors")
    {
        string[] names = [.. Enumerable.Range(1, 2).Select(number => $"{stem}-0000{number}-of-00002.{extension}")];
        var map = new JsonObject();
        for (int i = 0; i < 2; i++)
        {
            (string Name, TestTensor Tensor)[] part = [.. State.Where((_, index) => index % 2 == i)];
            File.WriteAllBytes(folder.File(names[i]), extension == "bin" ? PyTorch(part) : Safetensors(part));
        }
        for (int index = 0; index < State.Count; index++)
            map[State[index].Name] = names[index % 2];
        var root = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1 }, ["weight_map"] = map };
        File.WriteAllText(folder.File($"{stem}.{extension}.index.json"), root.ToJsonString());
        WriteConfig(folder);
    }

    private static byte[] Safetensors(IEnumerable<(string Name, TestTensor Tensor)> state) =>
        TestSafetensors.Of([.. state.Select(entry => (entry.Name, "F32", entry.Tensor.Shape, entry.Tensor.Data))]);

    private static byte[] PyTorch(IEnumerable<(string Name, TestTensor Tensor)> state) =>
        TinyCheckpoint.Archive(state.Select(entry => ((object)entry.Name, (object?)entry.Tensor)).ToList());

    private void WriteConfig(TemporaryFolder folder)
    {
        if (Config is not null)
            File.WriteAllText(folder.File("config.json"), Config.ToJsonString());
    }
}
