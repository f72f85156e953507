using System.Buffers.Binary;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>A model of llm.c as small as one can be with sizes that differ: T 3, V 5 in 7 rows, L 2, NH 2, C 4.</summary>
internal sealed class TestLlmc
{
    public const int ContextLength = 3, VocabSize = 5, Layers = 2, Heads = 2, Width = 4, Rows = 7;

    /// <summary>The header's integers: magic, version, context, vocabulary, layers, heads, width, rows, then nothing.</summary>
    public int[] Header { get; } = [20240326, 3, ContextLength, VocabSize, Layers, Heads, Width, Rows, .. new int[248]];

    /// <summary>The tensors in file order, each with its numbers.</summary>
    public List<(string Name, float[] Numbers)> Tensors { get; } = [];

    public TestLlmc()
    {
        var random = new Random(5);
        Add("transformer.wte.weight", Rows * Width);
        Add("transformer.wpe.weight", ContextLength * Width);
        (string Name, int Count)[] perLayer =
        [
            ("ln_1.weight", Width), ("ln_1.bias", Width), ("attn.c_attn.weight", 3 * Width * Width), ("attn.c_attn.bias", 3 * Width),
            ("attn.c_proj.weight", Width * Width), ("attn.c_proj.bias", Width), ("ln_2.weight", Width), ("ln_2.bias", Width),
            ("mlp.c_fc.weight", 4 * Width * Width), ("mlp.c_fc.bias", 4 * Width), ("mlp.c_proj.weight", 4 * Width * Width), ("mlp.c_proj.bias", Width),
        ];
        foreach ((string name, int count) in perLayer)
        {
            for (int layer = 0; layer < Layers; layer++)
                Add($"transformer.h.{layer}.{name}", count);
        }
        Add("transformer.ln_f.weight", Width);
        Add("transformer.ln_f.bias", Width);

        // Numbers that bfloat16 can hold, so that both versions of the format hold the same.
        void Add(string name, int count) => Tensors.Add((name, [.. Enumerable.Range(0, count).Select(_ => random.Next(-128, 128) / 64f)]));
    }

    public byte[] ToArray()
    {
        bool narrow = Header[1] == 5;
        float[] numbers = [.. Tensors.SelectMany(tensor => tensor.Numbers)];
        int size = narrow ? 2 : 4;
        byte[] bytes = new byte[(Header.Length * sizeof(int)) + (numbers.Length * size)];
        for (int i = 0; i < Header.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(i * sizeof(int)), Header[i]);
        for (int i = 0; i < numbers.Length; i++)
        {
            Span<byte> at = bytes.AsSpan((Header.Length * sizeof(int)) + (i * size));
            uint bits = BitConverter.SingleToUInt32Bits(numbers[i]);
            if (narrow)
                BinaryPrimitives.WriteUInt16LittleEndian(at, (ushort)(bits >> 16));
            else
                BinaryPrimitives.WriteUInt32LittleEndian(at, bits);
        }
        return bytes;
    }
}
