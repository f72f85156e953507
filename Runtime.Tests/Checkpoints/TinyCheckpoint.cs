using System.Text;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>
/// A valid nanoGPT checkpoint, as small as one can be with all sizes different: V 5, T 3, C 4, L 2, NH 2, F 7. Tests change one thing
/// and write it.
/// </summary>
internal sealed class TinyCheckpoint
{
    public const int VocabSize = 5, ContextLength = 3, Width = 4, Layers = 2, Heads = 2, Hidden = 7;

    /// <summary>The archive's folder.</summary>
    public const string Root = "tiny";

    /// <summary>The state dict.</summary>
    public List<(object Key, object? Value)> State { get; } = [];

    /// <summary>model_args.</summary>
    public List<(object Key, object? Value)> Arguments { get; } =
    [
        ("n_layer", Layers), ("n_head", Heads), ("n_embd", Width), ("block_size", ContextLength), ("bias", true),
        ("vocab_size", VocabSize), ("dropout", 0.0),
    ];

    /// <summary>What stands beside the model and its arguments.</summary>
    public List<(object Key, object? Value)> Others { get; } = [("iter_num", 7)];

    /// <summary>Further entries of the archive.</summary>
    public List<(string Name, byte[] Data)> Entries { get; } = [];

    public TinyCheckpoint(string prefix = "")
    {
        int seed = 1;
        Add("transformer.wte.weight", VocabSize, Width);
        Add("transformer.wpe.weight", ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            string block = $"transformer.h.{layer}.";
            Add(block + "ln_1.weight", Width);
            Add(block + "ln_1.bias", Width);
            Add(block + "attn.c_attn.weight", 3 * Width, Width);
            Add(block + "attn.c_attn.bias", 3 * Width);
            Add(block + "attn.c_proj.weight", Width, Width);
            Add(block + "attn.c_proj.bias", Width);
            Add(block + "ln_2.weight", Width);
            Add(block + "ln_2.bias", Width);
            Add(block + "mlp.c_fc.weight", Hidden, Width);
            Add(block + "mlp.c_fc.bias", Hidden);
            Add(block + "mlp.c_proj.weight", Width, Hidden);
            Add(block + "mlp.c_proj.bias", Width);
        }
        Add("transformer.ln_f.weight", Width);
        Add("transformer.ln_f.bias", Width);
        State.Add((prefix + "lm_head.weight", State[0].Value));

        void Add(string name, params long[] shape) => State.Add((prefix + name, TestTensor.Random(seed++, shape)));
    }

    /// <summary>A tensor of the state dict; set to change it, to null to take it out.</summary>
    public TestTensor? this[string name]
    {
        get => (TestTensor?)State[Index(name)].Value;
        set
        {
            if (value is null)
                State.RemoveAt(Index(name));
            else
                State[Index(name)] = (name, value);
        }
    }

    /// <summary>Changes or adds an argument.</summary>
    public TinyCheckpoint With(string argument, object? value)
    {
        Arguments.RemoveAll(pair => pair.Key.Equals(argument));
        Arguments.Add((argument, value));
        return this;
    }

    /// <summary>Changes this checkpoint.</summary>
    public TinyCheckpoint But(Action<TinyCheckpoint> change)
    {
        change(this);
        return this;
    }

    /// <summary>The file.</summary>
    public byte[] ToArray() => Archive(Object, Entries);

    /// <summary>What is saved: the dictionary with the state dict and model_args.</summary>
    public List<(object Key, object? Value)> Object => [("model", State), ("model_args", Arguments), .. Others];

    /// <summary>An archive of any object.</summary>
    public static byte[] Archive(object? root, IEnumerable<(string Name, byte[] Data)>? entries = null)
    {
        var storages = new List<byte[]>();
        byte[] pickle = new PickleWriter().Proto().Value(root, Key).Stop().ToArray();
        return Zip(pickle, storages, entries ?? []).ToArray();

        string Key(TestTensor tensor)
        {
            int index = storages.FindIndex(known => ReferenceEquals(known, tensor.Data));
            if (index < 0)
            {
                index = storages.Count;
                storages.Add(tensor.Data);
            }
            return $"{index}";
        }
    }

    /// <summary>An archive of a pickle that the test has written by hand, and of storages.</summary>
    public static TestZip Zip(byte[] pickle, IEnumerable<byte[]> storages, IEnumerable<(string Name, byte[] Data)> entries)
    {
        TestZip zip = new TestZip().Add($"{Root}/data.pkl", pickle);
        int key = 0;
        foreach (byte[] storage in storages)
            zip.Add($"{Root}/data/{key++}", storage);
        foreach ((string name, byte[] data) in entries)
            zip.Add(name, data);
        return zip.Add($"{Root}/version", Encoding.ASCII.GetBytes("3\n"));
    }

    private int Index(string name) => State.FindIndex(pair => pair.Key.Equals(name));
}
