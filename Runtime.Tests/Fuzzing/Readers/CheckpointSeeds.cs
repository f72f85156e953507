using System.IO.Compression;
using System.Text;
using MyGpt.Runtime.Tests.Checkpoints;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>Small valid checkpoints of every container.</summary>
internal static partial class CheckpointSeeds
{
    private const int Width = 4;

    /// <summary>torch.save's archives: nanoGPT with and without its vocabulary, GPT10.4, myGPT, other types, a 64-bit end.</summary>
    public static IEnumerable<FuzzSeed> PyTorchZip()
    {
        var meta = new FuzzFile("meta.pkl", PartKind.Pickle, Meta());
        yield return new FuzzSeed(Zip(new TinyCheckpoint().ToArray()), meta);
        yield return new FuzzSeed(Zip(new TinyCheckpoint("_orig_mod.").With("bias", null).ToArray()));
        yield return new FuzzSeed(Zip(new TinyCheckpoint().But(Shorten).ToArray()), meta);
        yield return new FuzzSeed(Zip(TinyCheckpoint.Archive((List<(object, object?)>)[("config", Gpt104Config), ("model", Gpt104State())])));
        yield return new FuzzSeed(Zip(MyGpt()));
        yield return new FuzzSeed(Zip(new TinyCheckpoint().But(c => c.Entries.Add(($"{TinyCheckpoint.Root}/byteorder", "little"u8.ToArray()))).ToArray()));
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

    // float16, bfloat16 and float64, so that every conversion is met.
    private static void Shorten(TinyCheckpoint checkpoint)
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

    private static List<(object, object?)> Gpt104Config => [("d_model", Width), ("n_layers", 1), ("n_heads", 2), ("context_length", 3)];

    private static List<(object, object?)> Gpt104State() =>
    [
        ("tok_emb.weight", TestTensor.Random(1, 5, Width)), ("pos_emb.weight", TestTensor.Random(2, 3, Width)),
        ("layers.0.norm1.weight", TestTensor.Random(3, Width)), ("layers.0.attn.out_proj.weight", TestTensor.Random(4, Width, Width)),
        ("layers.0.norm2.weight", TestTensor.Random(5, Width)), ("layers.0.ffn.fc1.weight", TestTensor.Random(6, 6, Width)),
        ("layers.0.ffn.fc2.weight", TestTensor.Random(7, Width, 6)), ("norm.weight", TestTensor.Random(8, Width)),
        .. "qkv".Select((letter, i) => ((object)$"layers.0.attn.{letter}_proj.weight", (object?)TestTensor.Random(9 + i, Width, Width))),
    ];

    private static byte[] MyGpt()
    {
        List<(object, object?)> state =
        [
            ("token_embedding.embedding.weight", TestTensor.Random(1, 5, Width)), ("position_embedding.weight", TestTensor.Random(2, 3, Width)),
            .. new[] { "ln1.weight", "ln1.bias", "ln2.weight", "ln2.bias", "mlp.fc2.bias" }
                .Select(name => ((object)$"blocks.0.{name}", (object?)TestTensor.Random(3, Width))),
            .. new[] { "mha.W_Q", "mha.W_K", "mha.W_V", "mha.W_O" }
                .Select(name => ((object)$"blocks.0.{name}.weight", (object?)TestTensor.Random(4, Width, Width))),
            ("blocks.0.mlp.fc1.weight", TestTensor.Random(5, 6, Width)), ("blocks.0.mlp.fc1.bias", TestTensor.Random(6, 6)),
            ("blocks.0.mlp.fc2.weight", TestTensor.Random(7, Width, 6)), ("ln_f.weight", TestTensor.Random(8, Width)), ("ln_f.bias", TestTensor.Random(9, Width)),
        ];
        List<(object, object?)> config = [("embed_dim", Width), ("num_heads", 2), ("num_layers", 1), ("max_seq_len", 3), ("vocab_size", 5)];
        return TinyCheckpoint.Archive((List<(object, object?)>)
            [("model_state_dict", state), ("config", config), ("tokenizer_chars", new List<object?> { "a", "b", " ", "\n", "\u00E9" })]);
    }
}
