using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>A model of architecture gpt2 in GGUF with tensors of every type that is read, and its numbers: V 259, T 5, C 32, L 2, NH 4, F 96.</summary>
internal sealed class TinyGguf
{
    public const int VocabSize = 259, ContextLength = 5, Width = 32, Layers = 2, Heads = 4, Hidden = 96;

    private readonly Random _random = new(11);

    public TestGguf File { get; } = new();

    /// <summary>The numbers of each tensor by its name in weights.bin, in double precision.</summary>
    public Dictionary<string, double[]> Numbers { get; } = [];

    public TinyGguf()
    {
        File.With("general.architecture", TestGguf.Text("gpt2")).With("general.name", TestGguf.Text("tiny"))
            .With("gpt2.context_length", TestGguf.UInt32(ContextLength)).With("gpt2.embedding_length", TestGguf.UInt32(Width))
            .With("gpt2.block_count", TestGguf.UInt32(Layers)).With("gpt2.feed_forward_length", TestGguf.UInt32(Hidden))
            .With("gpt2.attention.head_count", TestGguf.UInt32(Heads)).With("gpt2.attention.layer_norm_epsilon", TestGguf.Float32(2e-5f))
            .With("tokenizer.ggml.model", TestGguf.Text("gpt2")).With("tokenizer.ggml.tokens", TestGguf.Texts([.. Tokens()]))
            .With("tokenizer.ggml.merges", TestGguf.Texts("t h", "th e"))
            .With("tokenizer.ggml.token_type", TestGguf.Int32s([.. Enumerable.Repeat(1, VocabSize - 1), 3]))
            .With("tokenizer.ggml.bos_token_id", TestGguf.UInt32(VocabSize - 1)).With("tokenizer.ggml.eos_token_id", TestGguf.UInt32(VocabSize - 1));
        Add("token_embd.weight", "token_embedding", TestGguf.Q8_0, VocabSize, Width);
        Add("position_embd.weight", "position_embedding", TestGguf.F32, ContextLength, Width);
        for (int layer = 0; layer < Layers; layer++)
        {
            (string from, string to) = ($"blk.{layer}.", $"blocks.{layer}.");
            Norm(from + "attn_norm", to + "attention_norm");
            Linear(from + "attn_qkv", to + "attention.qkv", layer == 0 ? TestGguf.F16 : TestGguf.Q4_0, 3 * Width, Width);
            Linear(from + "attn_output", to + "attention.projection", TestGguf.BF16, Width, Width);
            Norm(from + "ffn_norm", to + "mlp_norm");
            Linear(from + "ffn_up", to + "mlp.up", TestGguf.Q8_0, Hidden, Width);
            Linear(from + "ffn_down", to + "mlp.down", TestGguf.Q4_0, Width, Hidden);
        }
        Norm("output_norm", "final_norm");
    }

    // The bytes in GPT-2's order, two merges and the end of text.
    private static IEnumerable<string> Tokens()
    {
        int[] printable = [.. Enumerable.Range('!', 94), .. Enumerable.Range('¡', 12), .. Enumerable.Range('®', 82)];
        return [.. printable.Concat(Enumerable.Range(256, 68)).Select(code => ((char)code).ToString()), "th", "the", "<|endoftext|>"];
    }

    private void Norm(string from, string to)
    {
        Add(from + ".weight", to + ".weight", TestGguf.F32, Width);
        Add(from + ".bias", to + ".bias", TestGguf.F32, Width);
    }

    private void Linear(string from, string to, uint type, int rows, int columns)
    {
        Add(from + ".weight", to + ".weight", type, rows, columns);
        Add(from + ".bias", to + ".bias", TestGguf.F32, rows);
    }

    private void Add(string from, string to, uint type, params long[] shape)
    {
        int count = (int)shape.Aggregate(1L, (product, size) => product * size);
        float[] plain = [.. Enumerable.Range(0, count).Select(_ => _random.Next(-128, 128) / 256f)];   // exact in every plain type
        (byte[] data, double[] numbers) = type switch
        {
            TestGguf.Q8_0 => ReferenceBlocks.Random8(_random, count / 32),
            TestGguf.Q4_0 => ReferenceBlocks.Random4(_random, count / 32),
            TestGguf.F16 => (MemoryMarshal.AsBytes<Half>([.. plain.Select(number => (Half)number)]).ToArray(), Widen()),
            TestGguf.BF16 => (MemoryMarshal.AsBytes<ushort>([.. plain.Select(number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16))]).ToArray(),
                Widen()),
            _ => (MemoryMarshal.AsBytes(plain.AsSpan()).ToArray(), Widen()),
        };
        File.Add(from, type, data, shape);
        Numbers.Add(to, numbers);

        double[] Widen() => [.. plain.Select(number => (double)number)];
    }
}
