namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Models of llm.c that are damaged or lie: one row per cause, each a valid file but for one change.</summary>
internal static class HostileLlmc
{
    private const int Context = 2, Vocab = 3, Layers = 4, Heads = 5, Width = 6, Rows = 7;

    private static readonly (string Name, Func<TestLlmc, byte[]> Spoil, string Reason)[] Rejects =
    [
        ("only the magic number", m => m.ToArray()[..4], "the llm.c header has 1024 bytes; the file has 4"),
        ("a header cut short", m => m.ToArray()[..1023], "the file has 1023"),
        ("a header and nothing else", m => m.ToArray()[..1024], "the file has 1024"),
        ("a byte too few", m => m.ToArray()[..^1], "the llm.c header describes a file of "),
        ("a byte too many", m => [.. m.ToArray(), 0], "the llm.c header describes a file of "),
        ("version 1, without padding", m => Set(m, 1, 1), "version 1 (byte 4)"),
        ("version 2", m => Set(m, 1, 2), "version 2 (byte 4)"),
        ("version 4", m => Set(m, 1, 4), "version 4 (byte 4)"),
        ("a negative version", m => Set(m, 1, -3), "version -3 (byte 4)"),
        ("float32 numbers said to be bfloat16", m => Relabel(m, 5), "the llm.c header describes a file of "),
        ("bfloat16 numbers said to be float32", m => Relabel(m.But(5), 3), "the llm.c header describes a file of "),
        ("no positions", m => Set(m, Context, 0), "max_seq_len = 0 (byte 8)"),
        ("a negative number of positions", m => Set(m, Context, -3), "max_seq_len = -3 (byte 8)"),
        ("no vocabulary", m => Set(m, Vocab, 0), "vocab_size = 0 (byte 12)"),
        ("a negative vocabulary", m => Set(m, Vocab, int.MinValue), "vocab_size = -2147483648 (byte 12)"),
        ("no layers", m => Set(m, Layers, 0), "num_layers = 0 (byte 16)"),
        ("a negative number of layers", m => Set(m, Layers, -1), "num_layers = -1 (byte 16)"),
        ("2^31 - 1 layers", m => Set(m, Layers, int.MaxValue), "num_layers = 2147483647 (byte 16); at most"),
        ("no heads", m => Set(m, Heads, 0), "num_heads = 0 (byte 20)"),
        ("a negative number of heads", m => Set(m, Heads, -2), "num_heads = -2 (byte 20)"),
        ("no channels", m => Set(m, Width, 0), "channels = 0 (byte 24)"),
        ("negative channels, whose square is right", m => Set(m, Width, -4), "channels = -4 (byte 24)"),
        ("2^31 - 1 channels", m => Set(m, Width, int.MaxValue), "2147483647 channels"),
        ("channels whose square wraps around 32 bits", m => Set(m, Width, 65540), "65540 channels"),
        ("no rows", m => Set(m, Rows, 0), "padded_vocab_size = 0 (byte 28)"),
        ("less rows than tokens", m => Set(m, Rows, 4), "padded_vocab_size = 4 (byte 28), less than vocab_size = 5"),
        ("all sizes 2^31 - 1", m => Set(m, (Context, int.MaxValue), (Vocab, int.MaxValue), (Layers, 1024), (Width, int.MaxValue), (Rows, int.MaxValue)),
            "the llm.c header describes a file of "),
        ("a layer that the file does not have", m => Set(m, Layers, 3), "(3 layers, 4 channels, 7 rows of vocabulary, 3 positions)"),
        ("positions moved to the vocabulary but for one", m => Set(m, (Context, 1), (Rows, 8)), "(2 layers, 4 channels, 8 rows"),
        ("an integer behind the header's fields", m => Set(m, 8, 1), "the llm.c header has 1 at byte 32"),
        ("an integer at the header's end", m => Set(m, 255, -1), "the llm.c header has -1 at byte 1020"),
        ("the most significant byte first", m => BigEndian(m.ToArray()), "this is no checkpoint"),
        ("another magic number", m => Set(m, 0, 20240325), "this is no checkpoint"),
        ("logits to compare with", m => Set(m, 0, 20240327), "llm.c's debug state"),
        ("tokens to train on", m => Set(m, 0, 20240520), "tokens that llm.c trains on"),
    ];

    public static TheoryData<string> Names => [.. Rejects.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Func<TestLlmc, byte[]> spoil, string reason) = Rejects.Single(row => row.Name == name);
        return (spoil(new TestLlmc()), reason);
    }

    // The tensors stay as they are.
    private static byte[] Set(TestLlmc model, params (int Index, int Value)[] header)
    {
        foreach ((int index, int value) in header)
            model.Header[index] = value;
        return model.ToArray();
    }

    private static byte[] Set(TestLlmc model, int index, int value) => Set(model, (index, value));

    private static TestLlmc But(this TestLlmc model, int version)
    {
        model.Header[1] = version;
        return model;
    }

    private static byte[] Relabel(TestLlmc model, byte version)
    {
        byte[] file = model.ToArray();
        file[4] = version;
        return file;
    }

    private static byte[] BigEndian(byte[] file)
    {
        file.AsSpan(0, 4).Reverse();
        return file;
    }
}
