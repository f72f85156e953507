using System.IO.Compression;
using System.Text;
using MyGpt.Runtime.Tests.Checkpoints;
using MyGpt.Runtime.Tests.Checkpoints.Gguf;
using MyGpt.Runtime.Tests.Checkpoints.Json;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>Small valid checkpoints of every container.</summary>
internal static partial class CheckpointSeeds
{
    /// <summary>torch.save's archives: nanoGPT with and without its vocabulary, GPT10.4, myGPT early and late, every type of number.</summary>
    public static IEnumerable<FuzzSeed> PyTorchZip()
    {
        var meta = new FuzzFile("meta.pkl", PartKind.Pickle, Meta());
        yield return new FuzzSeed(Zip(new TinyCheckpoint().ToArray()), meta);
        yield return new FuzzSeed(Zip(new TinyCheckpoint("_orig_mod.").With("bias", null).ToArray()));
        yield return new FuzzSeed(Zip(new TinyCheckpoint().But(Retype).ToArray()), meta);
        yield return new FuzzSeed(Zip(new TinyCheckpoint().But(c => c.Entries.Add(($"{TinyCheckpoint.Root}/byteorder", "little"u8.ToArray()))).ToArray()));
        yield return new FuzzSeed(Zip(Archive(("config", StateSeeds.Gpt104Config), ("model", StateSeeds.Gpt104()))));
        yield return new FuzzSeed(Zip(Archive(("model_state_dict", StateSeeds.MyGpt()), ("config", StateSeeds.MyGptConfig),
            ("tokenizer_chars", new List<object?> { "a", "b", " ", "\n", "\u00E9" }))));
        yield return new FuzzSeed(Zip(Modern()));
        yield return new FuzzSeed(Zip(TinyCheckpoint.Archive(StateSeeds.Lecture())));
        yield return new FuzzSeed(Zip(Archive(("config", StateSeeds.PlainConfig), ("model_state", StateSeeds.Plain()))));
    }

    /// <summary>State dicts that do not say how many heads there are: Raschka's, minGPT's.</summary>
    public static IEnumerable<FuzzSeed> StateDicts()
    {
        yield return new FuzzSeed(Zip(Archive(("model_state_dict", StateSeeds.Raschka()), ("optimizer_state_dict", new List<object?>()))));
        yield return new FuzzSeed(Zip(TinyCheckpoint.Archive(StateSeeds.MinGpt())));
    }

    /// <summary>torch.save before PyTorch 1.6: pickles one after another, then the numbers.</summary>
    public static IEnumerable<FuzzSeed> PyTorchLegacy()
    {
        foreach (object? root in new object?[] { new TinyCheckpoint().Object, StateSeeds.Lecture() })
        {
            TestLegacy legacy = TestLegacy.Of(root);
            byte[][] pickles = [legacy.Magic, legacy.Version, legacy.Facts, legacy.Object, legacy.Keys];
            byte[] numbers = legacy.ToArray()[pickles.Sum(static pickle => pickle.Length)..];
            yield return new FuzzSeed(new FuzzFile("ckpt.pt",
                [.. pickles.Select(pickle => new FuzzPart(PartKind.Pickle, pickle, pickle.Length > 100 ? 6 : 1)), new FuzzPart(PartKind.Binary, numbers, 4)],
                static parts => [.. parts.SelectMany(static part => part)]));
        }
    }

    /// <summary>llm.c's models in float32 and bfloat16. Of the header, 32 bytes mean something.</summary>
    public static IEnumerable<FuzzSeed> Llmc()
    {
        foreach (int version in new[] { 3, 5 })
        {
            var model = new TestLlmc();
            model.Header[1] = version;
            byte[] file = model.ToArray();
            yield return new FuzzSeed(new FuzzFile("model.bin",
                [new FuzzPart(PartKind.Binary, file[..32], 4), new FuzzPart(PartKind.Binary, file[32..1024]), new FuzzPart(PartKind.Binary, file[1024..])],
                static parts => [.. parts.SelectMany(static part => part)]));
        }
    }

    /// <summary>GPT-2 in GGUF, with its vocabulary. What stands before the numbers matters more.</summary>
    public static IEnumerable<FuzzSeed> GgufGpt2()
    {
        TestGguf gguf = new TinyGguf().File;
        byte[] file = gguf.ToArray();
        int numbers = file.Length - gguf.Tensors.Sum(static tensor => tensor.Data.Length);   // about where they begin
        yield return new FuzzSeed(new FuzzFile("model.gguf",
            [new FuzzPart(PartKind.Binary, file[..numbers], 8), new FuzzPart(PartKind.Binary, file[numbers..])], static parts => [.. parts[0], .. parts[1]]));
    }

    /// <summary>microgpt's JSON.</summary>
    public static IEnumerable<FuzzSeed> MicroGpt()
    {
        yield return new FuzzSeed(new FuzzFile("microgpt.json", PartKind.Json, Encoding.UTF8.GetBytes(HostileMicroGpt.Valid().ToJsonString())));
    }

    /// <summary>nanoGPT's vocabulary beside the checkpoint.</summary>
    public static byte[] Meta() => new PickleWriter().Proto(4).Value(new List<(object, object?)>
    {
        ("vocab_size", 5),
        ("itos", Enumerable.Range(0, 5).Select(id => ((object)id, (object?)"abc \n"[id].ToString())).ToList()),
        ("stoi", Enumerable.Range(0, 5).Select(id => ((object)"abc \n"[id].ToString(), (object?)id)).ToList()),
    }).Stop().ToArray();

    /// <summary>An archive taken apart into its entries, their names too.</summary>
    public static FuzzFile Zip(byte[] archive)
    {
        using var zip = new ZipArchive(new MemoryStream(archive));
        var parts = new List<FuzzPart>();
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using var data = new MemoryStream();
            using (Stream stream = entry.Open())
                stream.CopyTo(data);
            bool isPickle = entry.Name.EndsWith(".pkl", StringComparison.Ordinal);
            parts.Add(new FuzzPart(PartKind.Text, Encoding.UTF8.GetBytes(entry.FullName)));
            parts.Add(new FuzzPart(isPickle ? PartKind.Pickle : PartKind.Binary, data.ToArray(), isPickle ? 3 * zip.Entries.Count : 1));
        }
        return new FuzzFile("ckpt.pt", parts, Join);
    }

    private static byte[] Join(IReadOnlyList<byte[]> parts)
    {
        var zip = new TestZip();
        for (int i = 0; i < parts.Count; i += 2)
            zip.Add(Encoding.UTF8.GetString(parts[i]), parts[i + 1]);
        return zip.ToArray();
    }

    private static byte[] Archive(params (object, object?)[] entries) => TinyCheckpoint.Archive(entries.ToList());

    // myGPT's last chapter: a byte pair encoding among its entries.
    private static byte[] Modern()
    {
        List<(object, object?)> config = [.. StateSeeds.MyGptConfig, ("norm_type", "rms"), ("position_type", "rope"), ("num_kv_heads", 2)];
        List<object?> merges = [new object?[] { "a", "b" }, new object?[] { "ab", "a" }, new object?[] { "b", "b" }];
        List<(object, object?)> tokenizer = [("chars", new List<object?> { "a", "b" }), ("merges", merges)];
        return Archive(("model_state_dict", StateSeeds.MyGptModern()), ("config", config), ("tokenizer_kind", "bpe"), ("tokenizer_state", tokenizer));
    }

    // float16, bfloat16 and float64 in turn, so that every conversion is met.
    private static void Retype(TinyCheckpoint checkpoint)
    {
        (string Storage, int Size)[] types = [("HalfStorage", 2), ("BFloat16Storage", 2), ("DoubleStorage", 8)];
        int next = 0;
        foreach ((object key, object? value) in checkpoint.State.ToArray())
        {
            (string storage, int size) = types[next++ % types.Length];
            var tensor = (TestTensor)value!;
            checkpoint[(string)key] = tensor with { Storage = storage, Data = new byte[tensor.Data.Length / sizeof(float) * size] };
        }
    }
}
