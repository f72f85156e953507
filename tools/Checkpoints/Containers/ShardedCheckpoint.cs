using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// A state dict in several files, as Hugging Face's libraries cut a large model: an index in JSON whose <c>weight_map</c> says which
/// file beside it holds which tensor. The files are safetensors or what torch.save wrote. The root is a bare state dict.
/// </summary>
/// <remarks>github.com/huggingface/huggingface_hub, src/huggingface_hub/serialization; names such as model.safetensors.index.json.</remarks>
internal sealed class ShardedCheckpoint : IContainerFormat
{
    private const long MaxIndexLength = 32 << 20;

    // Each is an open file. The largest published models have fewer than 200.
    private const int MaxShards = 512;

    private const string Map = "weight_map";

    public string Name => "shards";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) =>
        file.Name.EndsWith(".safetensors.index.json", StringComparison.OrdinalIgnoreCase)
        || file.Name.EndsWith(".bin.index.json", StringComparison.OrdinalIgnoreCase);

    public Checkpoint Open(CheckpointFile file)
    {
        List<(string Tensor, string Shard)> map = ReadMap(file);
        var tensors = new Dictionary<string, Value>(StringComparer.Ordinal);
        var formats = new SortedSet<string>(StringComparer.Ordinal);
        long bytes = file.Length;
        IGrouping<string, string>[] shards = [.. map.GroupBy(static entry => entry.Shard, static entry => entry.Tensor)];
        if (shards.Length > MaxShards)
            throw new CheckpointException($"{Map} names {shards.Length} files; at most {MaxShards} are read");
        foreach (IGrouping<string, string> shard in shards)
        {
            Checkpoint part = OpenShard(file, shard.Key, shard.First());
            formats.Add(part.Container);
            bytes = checked(bytes + part.FileBytes);
            Collect(part, shard.Key, [.. shard], tensors);
        }

        var state = new DictValue();
        foreach ((string tensor, _) in map)
            state.TryAdd(new TextValue(tensor), tensors[tensor]);
        return new Checkpoint
        {
            Container = $"{string.Join(" and ", formats)} in {Printable.Count(shards.Length, "shard")}",
            Root = state,
            FileBytes = bytes,
            Folder = new CheckpointFolder(file),
        };
    }

    private static List<(string Tensor, string Shard)> ReadMap(CheckpointFile file)
    {
        if (file.Length > MaxIndexLength)
            throw new CheckpointException($"the index has {file.Length} bytes; at most {MaxIndexLength} are read");
        byte[] json = new byte[file.Length];
        file.Read(0, json);
        if ((JsonValues.Read(json, "the index") as DictValue)?.Get<DictValue>(Map) is not { Items.Count: > 0 } entries)
            throw new CheckpointException($"the index has no {Map}, an object of tensor names and file names");

        var map = new List<(string, string)>(entries.Items.Count);
        foreach ((Value key, Value value) in entries.Items)
        {
            string tensor = ((TextValue)key).Value;
            map.Add((tensor, (value as TextValue)?.Value ?? throw new CheckpointException(
                $"{Map} has {value.Kind} for tensor {Printable.Quote(tensor)}; the name of a file was needed")));
        }
        return map;
    }

    private static Checkpoint OpenShard(CheckpointFile index, string name, string tensor)
    {
        CheckpointFile shard = index.OpenBeside(name) ?? throw new CheckpointException(
            $"shard {Printable.Quote(name)} is missing; the index says that it has tensor {Printable.Quote(tensor)}");
        if (shard.Length > 0 && ContainerFormats.Recognise(shard) is ShardedCheckpoint)
            throw new CheckpointException($"shard {Printable.Quote(name)} is an index itself; a file with tensors was needed");
        try
        {
            return ContainerFormats.Open(shard);
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"shard {Printable.Quote(name)}: {e.Message}", e);
        }
    }

    /// <summary>Takes a shard's tensors, which must be just those that the index puts there.</summary>
    private static void Collect(Checkpoint part, string name, HashSet<string> expected, Dictionary<string, Value> tensors)
    {
        string shard = $"shard {Printable.Quote(name)}";
        if (part.Root is not DictValue state)
            throw new CheckpointException($"{shard} holds {part.Root.Kind}; a state dict was needed");
        foreach ((Value key, Value value) in state.Items)
        {
            string tensor = (key as TextValue)?.Value ?? key.Kind;
            if (value is not TensorValue)
                throw new CheckpointException($"{shard}: its entry {Printable.Quote(tensor)} is {value.Kind}, not a tensor");
            if (!expected.Remove(tensor))
                throw new CheckpointException($"{shard} has a tensor {Printable.Quote(tensor)}, which the index does not put there");
            tensors.Add(tensor, value);
        }
        if (expected.Count > 0)
        {
            string others = expected.Count > 1 ? $" (and {expected.Count - 1} more)" : "";
            throw new CheckpointException($"{shard} has no tensor {Printable.Quote(expected.Order(StringComparer.Ordinal).First())}{others}, "
                + "which the index puts there");
        }
    }
}
