using System.Text;
using System.Text.Json.Nodes;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

/// <summary>Sharded checkpoints that must be refused, one row per cause. Each is a valid one of two shards but for one thing.</summary>
internal static class HostileShards
{
    private const string Index = "model.safetensors.index.json", First = "model-00001-of-00002.safetensors",
        Second = "model-00002-of-00002.safetensors";

    private static readonly (string Name, Action<TemporaryFolder> Change, string Reason)[] Rows =
    [
        ("an empty index", f => Write(f, ""), "the file is empty"),
        ("an index that is no JSON", f => Write(f, "weight_map"), "the index, byte 0: this is no JSON"),
        ("an index that is a list", f => Write(f, "[]"), "the index has no weight_map"),
        ("an index without a map", f => Write(f, "{\"metadata\": {}}"), "the index has no weight_map"),
        ("a map that is a list", f => Write(f, "{\"weight_map\": [\"a\"]}"), "the index has no weight_map"),
        ("an empty map", f => Write(f, "{\"weight_map\": {}}"), "the index has no weight_map"),
        ("a tensor twice in the map", f => Write(f, $"{{\"weight_map\": {{\"a\": \"{First}\", \"a\": \"{Second}\"}}}}"), "the name 'a' occurs twice"),
        ("an index of more than 32 MiB", f => Grow(f, (32 << 20) + 1), "the index has 33554433 bytes; at most 33554432 are read"),
        ("a file that is a number", f => Put(f, "wte.weight", 1), "weight_map has an integer for tensor 'wte.weight'"),
        ("a file that is null", f => Put(f, "wte.weight", null), "weight_map has nothing for tensor 'wte.weight'"),

        ("a shard above the folder", f => Put(f, "wte.weight", "../secret.safetensors"), "'../secret.safetensors' is no plain file name"),
        ("a shard from the root", f => Put(f, "wte.weight", "/etc/passwd"), "'/etc/passwd' is no plain file name"),
        ("a shard in another folder", f => Put(f, "wte.weight", "part/x.safetensors"), "'part/x.safetensors' is no plain file name"),
        ("a shard behind a backslash", f => Put(f, "wte.weight", "..\\x.safetensors"), "'..\\x.safetensors' is no plain file name"),
        ("a shard on a drive", f => Put(f, "wte.weight", "C:x.safetensors"), "'C:x.safetensors' is no plain file name"),
        ("a shard that is the folder above", f => Put(f, "wte.weight", ".."), "'..' is no plain file name"),
        ("a shard that is the folder", f => Put(f, "wte.weight", "."), "'.' is no plain file name"),
        ("a shard without a name", f => Put(f, "wte.weight", ""), "'' is no plain file name"),
        ("a shard with a NUL in its name", f => Put(f, "wte.weight", "x\0.safetensors"), "is no plain file name"),
        ("a missing shard", f => File.Delete(f.File(Second)), $"shard '{Second}' is missing; the index says that it has tensor 'wpe.weight'"),
        ("a shard that is a folder", f => Replace(f, Second, () => Directory.CreateDirectory(f.File(Second))), $"'{Second}' beside the checkpoint is a folder"),
        ("more shards than files can be open", f => Many(f), "weight_map names 513 files; at most 512 are read"),
        ("an index as its own shard", f => Put(f, "wte.weight", Index), $"shard '{Index}' is an index itself"),

        ("an empty shard", f => File.WriteAllBytes(f.File(Second), []), $"shard '{Second}': the file is empty"),
        ("a shard that is text", f => File.WriteAllText(f.File(Second), "hello, this is text"), $"shard '{Second}': the header is said to have"),
        ("a damaged shard", f => Cut(f, Second), $"shard '{Second}': tensor "),
        ("a shard that is a list", f => Overwrite(f, Second, TinyCheckpoint.Archive(new List<object?> { 1 })), $"shard '{Second}' holds a list; a state dict was needed"),
        ("a shard with a number in it", f => Overwrite(f, Second, TinyCheckpoint.Archive((List<(object, object?)>)[("step", 3)])),
            $"shard '{Second}': its entry 'step' is an integer, not a tensor"),
        ("a tensor that its shard lacks", f => Put(f, "lm_head.weight", First), $"shard '{First}' has no tensor 'lm_head.weight', which the index puts there"),
        ("two tensors that their shard lacks", f => { Put(f, "x", First); Put(f, "y", First); }, $"shard '{First}' has no tensor 'x' (and 1 more)"),
        ("a tensor that the index does not have", f => Drop(f, "ln_f.weight"), "has a tensor 'ln_f.weight', which the index does not put there"),
        ("a tensor in the other shard", f => Put(f, "ln_f.weight", Second), $"shard '{First}' has a tensor 'ln_f.weight', which the index does not put there"),
        ("a shard under two names", f => { File.Copy(f.File(First), f.File("copy.safetensors")); Put(f, "wte.weight", "copy.safetensors"); },
            "which the index does not put there"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    /// <summary>Writes the folder of a row.</summary>
    /// <returns>What the message must say.</returns>
    public static string Make(string name, TemporaryFolder folder)
    {
        (_, Action<TemporaryFolder> change, string reason) = Rows.Single(row => row.Name == name);
        new TinyHuggingFace().WriteShards(folder);
        change(folder);
        return reason;
    }

    private static void Write(TemporaryFolder folder, string index) => File.WriteAllText(folder.File(Index), index, new UTF8Encoding(false));

    private static void Put(TemporaryFolder folder, string tensor, JsonNode? shard) => Change(folder, map => map[tensor] = shard);

    private static void Drop(TemporaryFolder folder, string tensor) => Change(folder, map => map.Remove(tensor));

    private static void Overwrite(TemporaryFolder folder, string shard, byte[] bytes) => File.WriteAllBytes(folder.File(shard), bytes);

    private static void Cut(TemporaryFolder folder, string shard) => Overwrite(folder, shard, File.ReadAllBytes(folder.File(shard))[..^4]);

    private static void Grow(TemporaryFolder folder, long length)
    {
        using FileStream file = File.OpenWrite(folder.File(Index));
        file.SetLength(length);
    }

    private static void Replace(TemporaryFolder folder, string shard, Action make)
    {
        File.Delete(folder.File(shard));
        make();
    }

    private static void Many(TemporaryFolder folder) => Change(folder, map =>
    {
        map.Clear();
        for (int i = 0; i < 513; i++)
            map[$"t{i}"] = $"model-{i}.safetensors";
    });

    private static void Change(TemporaryFolder folder, Action<JsonObject> change)
    {
        JsonNode root = JsonNode.Parse(File.ReadAllBytes(folder.File(Index)))!;
        change(root["weight_map"]!.AsObject());
        Write(folder, root.ToJsonString());
    }
}
