using System.Runtime.InteropServices;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>A model with seeded random weights in memory.</summary>
public sealed unsafe class RandomModel : IDisposable
{
    private readonly List<nint> _memory = [];

    public RandomModel(GptConfig config, ElementType matrixType)
    {
        var random = new Random(1);
        Gpt = new Gpt(config, GptWeights.Load(config, spec => Tensor(spec, spec.IsMatrix ? matrixType : ElementType.F32, random)));
    }

    /// <summary>GPT-2's 124 M parameters.</summary>
    public static GptConfig Gpt2Small { get; } = new()
    {
        VocabSize = 50257,
        ContextLength = 1024,
        EmbeddingDim = 768,
        LayerCount = 12,
        HeadCount = 12,
        KvHeadCount = 12,
        HeadDim = 64,
        MlpDim = 3072,
        Activation = ActivationKind.GeluTanh,
        QkvBias = true,
        ProjectionBias = true,
        MlpUpBias = true,
        MlpDownBias = true,
        TiedHead = true,
    };

    public Gpt Gpt { get; }

    /// <summary>The token ids that every measurement uses.</summary>
    public static int[] Prompt(int count, int vocabSize) => [.. Enumerable.Range(0, count).Select(i => (int)((i * 997L + 13) % vocabSize))];

    /// <summary>Bytes of matrix rows that one decoded token reads; embedding look-ups and the KV cache do not count.</summary>
    public static double BytesPerToken(GptConfig config, ElementType type) => Matrices(config).Sum(spec => (double)spec.Rows * type.RowBytes(spec.Columns));

    /// <summary>Weights of the matrices that a token is multiplied with, the head included.</summary>
    public static double MatrixWeights(GptConfig config) => Matrices(config).Sum(spec => (double)spec.Rows * spec.Columns);

    public void Dispose() => _memory.ForEach(memory => NativeMemory.AlignedFree((void*)memory));

    private static IEnumerable<TensorSpec> Matrices(GptConfig config) => TensorSpec.For(config)
        .Where(spec => spec.IsMatrix && spec.Name != "position_embedding" && (config.TiedHead || spec.Name != "token_embedding"));

    private TensorView Tensor(TensorSpec spec, ElementType type, Random random)
    {
        long rowBytes = type.RowBytes(spec.Columns);
        byte* data = (byte*)NativeMemory.AlignedAlloc(checked((nuint)(rowBytes * spec.Rows)), 64);
        _memory.Add((nint)data);
        float center = spec.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0, width = center == 0 ? 0.08f : 0;
        for (long row = 0; row < spec.Rows; row++)
            Fill(new Span<byte>(data + (row * rowBytes), checked((int)rowBytes)), type, (int)ElementTypes.Blocks(spec.Columns), center, width, random);
        return new TensorView(spec.Name, type, SectionLayout.Rows, spec.Rows, spec.Columns, data);
    }

    private static void Fill(Span<byte> row, ElementType type, int blocks, float center, float width, Random random)
    {
        switch (type)
        {
            case ElementType.F32:
                foreach (ref float value in MemoryMarshal.Cast<byte, float>(row))
                    value = center + ((random.NextSingle() - 0.5f) * width);
                break;
            case ElementType.Bf16:
                foreach (ref ushort value in MemoryMarshal.Cast<byte, ushort>(row))
                    value = Upper(center + ((random.NextSingle() - 0.5f) * width));
                break;
            default:   // random codes, then a scale for each block
                random.NextBytes(row);
                MemoryMarshal.Cast<byte, ushort>(row[^(blocks * sizeof(ushort))..]).Fill(Upper(width / 256));
                break;
        }
    }

    private static ushort Upper(float value) => (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
}
