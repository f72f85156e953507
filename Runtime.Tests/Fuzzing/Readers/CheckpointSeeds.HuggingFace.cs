using System.Buffers.Binary;
using MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

internal static partial class CheckpointSeeds
{
    /// <summary>Hugging Face's GPT-2: safetensors with a length that follows its header or does not, shards of both kinds, a config beside each.</summary>
    public static IEnumerable<FuzzSeed> HuggingFace()
    {
        Dictionary<string, byte[]> whole = Folder(new TinyHuggingFace().Write), shards = Folder(folder => new TinyHuggingFace().WriteShards(folder)),
            bins = Folder(folder => new TinyHuggingFace("transformer.").WriteShards(folder, "pytorch_model", "bin"));
        FuzzFile config = Json("config.json", whole);
        yield return new FuzzSeed(Safetensors("model.safetensors", whole), config);
        yield return new FuzzSeed(new FuzzFile("model.safetensors", PartKind.Binary, whole["model.safetensors"]), config);
        yield return new FuzzSeed([Json("model.safetensors.index.json", shards),
            .. shards.Keys.Where(name => name.EndsWith(".safetensors", StringComparison.Ordinal)).Select(name => Safetensors(name, shards)), config]);
        yield return new FuzzSeed([Json("pytorch_model.bin.index.json", bins),
            .. bins.Keys.Where(name => name.EndsWith(".bin", StringComparison.Ordinal)).Select(name => Zip(bins[name]) with { Name = name }), config]);
    }

    private static FuzzFile Json(string name, Dictionary<string, byte[]> files) => new(name, PartKind.Json, files[name]);

    /// <summary>A header and data; the length is made again.</summary>
    private static FuzzFile Safetensors(string name, Dictionary<string, byte[]> files)
    {
        byte[] file = files[name];
        int data = sizeof(ulong) + (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        return new FuzzFile(name, [new FuzzPart(PartKind.Json, file[sizeof(ulong)..data], 8), new FuzzPart(PartKind.Binary, file[data..])],
            parts => TestSafetensors.Raw(parts[0], parts[1]));
    }

    private static Dictionary<string, byte[]> Folder(Action<TemporaryFolder> write)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        write(folder);
        return Directory.GetFiles(folder.FullPath).ToDictionary(path => Path.GetFileName(path), File.ReadAllBytes);
    }
}
