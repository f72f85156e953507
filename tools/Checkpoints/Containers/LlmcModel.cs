using System.Buffers.Binary;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Checkpoints.Containers;

/// <summary>
/// The <c>.bin</c> of llm.c: 256 32-bit integers, then every parameter for all layers one after the other, and nothing else. The root is
/// <c>{ "llmc": { the header's fields }, "model": { tensors by the names of nanoGPT } }</c>.
/// </summary>
/// <remarks>github.com/karpathy/llm.c, train_gpt2.py (write_model, write_tensors) and train_gpt2.c (gpt2_build_from_checkpoint).</remarks>
internal sealed class LlmcModel : IContainerFormat
{
    private const int Magic = 20240326, HeaderInts = 256, HeaderBytes = HeaderInts * sizeof(int);

    private const int Float32Version = 3, BFloat16Version = 5;

    // What weights.bin allows; each costs a few kB here, so that a small file could ask for much.
    private const int MaxLayers = 1 << 12;

    // In the order of the header's integers, after magic and version.
    private static readonly string[] Fields = ["max_seq_len", "vocab_size", "num_layers", "num_heads", "channels", "padded_vocab_size"];

    public string Name => "llm.c .bin";

    public bool Recognises(CheckpointFile file, ReadOnlySpan<byte> head) =>
        head.Length >= sizeof(int) && BinaryPrimitives.ReadInt32LittleEndian(head) == Magic;

    public Checkpoint Open(CheckpointFile file)
    {
        int[] header = ReadHeader(file);
        TensorType type = header[1] switch
        {
            Float32Version => TensorType.Float32,
            BFloat16Version => TensorType.BFloat16,
            int other => throw new CheckpointException($"the llm.c header says version {other} (byte 4); "
                + $"{Float32Version} (float32) and {BFloat16Version} (bfloat16) are read: write the model again with llm.c's train_gpt2.py"),
        };
        var facts = new DictValue();
        facts.TryAdd(new TextValue("version"), new IntegerValue(header[1]));
        for (int i = 0; i < Fields.Length; i++)
        {
            int at = i + 2;
            if (header[at] < 1)
                throw new CheckpointException($"the llm.c header says {Fields[i]} = {header[at]} (byte {at * sizeof(int)}); at least 1 needed");
            facts.TryAdd(new TextValue(Fields[i]), new IntegerValue(header[at]));
        }

        var root = new DictValue();
        root.TryAdd(new TextValue("llmc"), facts);
        root.TryAdd(new TextValue("model"), PlaceTensors(file, header, type));
        return new Checkpoint { Container = Name, Root = root, FileBytes = file.Length, Folder = new CheckpointFolder(file) };
    }

    private static int[] ReadHeader(CheckpointFile file)
    {
        if (file.Length < HeaderBytes)
            throw new CheckpointException($"the llm.c header has {HeaderBytes} bytes; the file has {file.Length}");
        byte[] bytes = new byte[HeaderBytes];
        file.Read(0, bytes);
        int[] header = new int[HeaderInts];
        for (int i = 0; i < header.Length; i++)
            header[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(i * sizeof(int)));
        int used = 2 + Fields.Length, stray = Array.FindIndex(header, used, static value => value != 0);
        return stray < 0 ? header : throw new CheckpointException(
            $"the llm.c header has {header[stray]} at byte {stray * sizeof(int)}; after its first {used} integers all are 0");
    }

    private static DictValue PlaceTensors(CheckpointFile file, int[] header, TensorType type)
    {
        (long context, long vocab, long layers, long width, long rows) = (header[2], header[3], header[4], header[6], header[7]);
        if (rows < vocab)
            throw new CheckpointException($"the llm.c header says padded_vocab_size = {rows} (byte 28), less than vocab_size = {vocab}");
        if (layers > MaxLayers)
            throw new CheckpointException($"the llm.c header says num_layers = {layers} (byte 16); at most {MaxLayers} are read");

        // Sizes are below 2^31, so a matrix has less than 2^64 elements and the model less than 2^80: more than 64 bits, less than decimal's 96.
        (string Name, long Rows, long Columns)[] perLayer =
        [
            ("ln_1.weight", width, 0), ("ln_1.bias", width, 0),
            ("attn.c_attn.weight", 3 * width, width), ("attn.c_attn.bias", 3 * width, 0),
            ("attn.c_proj.weight", width, width), ("attn.c_proj.bias", width, 0),
            ("ln_2.weight", width, 0), ("ln_2.bias", width, 0),
            ("mlp.c_fc.weight", 4 * width, width), ("mlp.c_fc.bias", 4 * width, 0),
            ("mlp.c_proj.weight", width, 4 * width), ("mlp.c_proj.bias", width, 0),
        ];
        decimal elements = ((decimal)(rows + context) * width) + (layers * perLayer.Sum(tensor => Count(tensor.Rows, tensor.Columns))) + (2 * width);
        decimal needed = HeaderBytes + (elements * type.Size());
        if (needed != file.Length)
        {
            throw new CheckpointException($"the llm.c header describes a file of {needed} bytes ({layers} layers, {width} channels, "
                + $"{rows} rows of vocabulary, {context} positions); the file has {file.Length}");
        }

        var tensors = new DictValue();
        long position = HeaderBytes;
        Place("transformer.wte.weight", rows, width);
        Place("transformer.wpe.weight", context, width);
        foreach ((string name, long tensorRows, long columns) in perLayer)
        {
            for (long layer = 0; layer < layers; layer++)
                Place($"transformer.h.{layer}.{name}", tensorRows, columns);
        }
        Place("transformer.ln_f.weight", width, 0);
        Place("transformer.ln_f.bias", width, 0);
        return tensors;

        void Place(string name, long tensorRows, long columns)
        {
            long bytes = (long)Count(tensorRows, columns) * type.Size();
            var storage = new FileRegion(file, name, position, bytes, bigEndian: false);
            tensors.TryAdd(new TextValue(name), new TensorValue
            {
                Storage = storage,
                Type = type,
                Offset = 0,
                Shape = columns == 0 ? [tensorRows] : [tensorRows, columns],
                Strides = columns == 0 ? [1] : [columns, 1],
            });
            position += bytes;
        }
    }

    private static decimal Count(long rows, long columns) => columns == 0 ? rows : (decimal)rows * columns;
}
