using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using MyGpt.Runtime.Tests.Checkpoints;
using MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <content>Hugging Face's containers, and what lies beside them.</content>
internal static partial class CheckpointSeeds
{
    /// <summary>One file, alone or with its config; also what torch.save wrote there.</summary>
    public static IEnumerable<FuzzSeed> Safetensors()
    {
        yield return new FuzzSeed(Safetensors("model.safetensors", StateSeeds.Lecture()));
        yield return new FuzzSeed(Safetensors("model.safetensors", StateSeeds.HuggingFace()), Config());
        yield return new FuzzSeed(Zip(TinyCheckpoint.Archive(StateSeeds.HuggingFace())) with { Name = "pytorch_model.bin" }, Config());
    }

    /// <summary>An index and two files, of either kind.</summary>
    public static IEnumerable<FuzzSeed> Shards()
    {
        List<(object Name, object? Tensor)> all = StateSeeds.Lecture(), first = all[..9], second = all[9..];
        string[] names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
        yield return new FuzzSeed(
            Index("model.safetensors.index.json", (names[0], first), (names[1], second)), Safetensors(names[0], first), Safetensors(names[1], second));
        string pickled = "pytorch_model-00001-of-00001.bin";
        yield return new FuzzSeed(Index("pytorch_model.bin.index.json", (pickled, all)), Zip(TinyCheckpoint.Archive(all)) with { Name = pickled });
    }

    private static FuzzFile Config() => new("config.json", PartKind.Json, """
        {"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2", "n_embd": 4, "n_head": 2, "n_layer": 1, "n_positions": 3, "n_ctx": 3, "n_inner": null,
         "vocab_size": 5, "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "tie_word_embeddings": true, "bos_token_id": 4, "eos_token_id": 4}
        """u8.ToArray());

    private static FuzzFile Index(string name, params (string Shard, List<(object Name, object? Tensor)> Tensors)[] shards)
    {
        var map = new JsonObject();
        foreach ((string shard, List<(object, object?)> tensors) in shards)
        {
            foreach ((object tensor, _) in tensors)
                map[(string)tensor] = shard;
        }
        var index = new JsonObject { ["metadata"] = new JsonObject { ["total_size"] = 1000 }, ["weight_map"] = map };
        return new FuzzFile(name, PartKind.Json, Encoding.UTF8.GetBytes(index.ToJsonString()));
    }

    private static FuzzFile Safetensors(string name, List<(object Name, object? Tensor)> state)
    {
        byte[] file = TestSafetensors.Of([.. state.Select(pair => ((string)pair.Name, "F32", ((TestTensor)pair.Tensor!).Shape, ((TestTensor)pair.Tensor).Data))]);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        return new FuzzFile(name, [new FuzzPart(PartKind.Json, file[8..(8 + length)], Weight: 6), new FuzzPart(PartKind.Binary, file[(8 + length)..])],
            static parts => TestSafetensors.Raw(parts[0], parts[1]));
    }
}
