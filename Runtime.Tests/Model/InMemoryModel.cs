using System.Runtime.InteropServices;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>A model with seeded random weights, in memory: for tests of the arithmetic.</summary>
public sealed unsafe class InMemoryModel : IDisposable
{
    private readonly Dictionary<string, float[]> _values = [];
    private readonly List<nint> _memory = [];

    public InMemoryModel(GptConfig config, ElementType matrixType = ElementType.F32, int seed = 1)
    {
        var random = new Random(seed);
        Gpt = new Gpt(config, GptWeights.Load(config, spec =>
        {
            if (spec.IsMatrix && matrixType is (ElementType.Q8 or ElementType.Q4))
                return Quantized(spec, matrixType, random.Next());
            float[] values = new float[spec.Rows * spec.Columns];
            double center = spec.Name.EndsWith("norm.weight", StringComparison.Ordinal) ? 1 : 0;
            double spread = spec.IsMatrix ? 2 / Math.Sqrt(spec.Columns) : 0.3;
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = (float)(center + spread * (2 * random.NextDouble() - 1));
                if (spec.IsMatrix && matrixType == ElementType.Bf16)
                    values[i] = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(values[i]) & 0xFFFF0000);
            }
            _values.Add(spec.Name, values);
            return View(spec, values, spec.IsMatrix ? matrixType : ElementType.F32);
        }));
    }

    public Gpt Gpt { get; }

    public GptConfig Config => Gpt.Config;

    public ReferenceGpt Reference => new(Config, name => [.. _values[name].Select(v => (double)v)]);

    public void Dispose() => _memory.ForEach(memory => NativeMemory.AlignedFree((void*)memory));

    private TensorView Quantized(TensorSpec spec, ElementType type, int seed)
    {
        var rows = new ReferenceBlocks(type == ElementType.Q4, spec.Rows, spec.Columns, seed, spread: 2 / Math.Sqrt(spec.Columns));
        _values.Add(spec.Name, [.. Enumerable.Range(0, spec.Rows * spec.Columns).Select(i => (float)rows.Weight(i / spec.Columns, i % spec.Columns))]);
        byte[] bytes = rows.Bytes();
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)bytes.Length, 64);
        _memory.Add((nint)data);
        bytes.CopyTo(new Span<byte>(data, bytes.Length));
        return new TensorView(spec.Name, type, SectionLayout.Rows, spec.Rows, spec.Columns, data);
    }

    private TensorView View(TensorSpec spec, float[] values, ElementType type)
    {
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)(values.Length * 4), 64);
        _memory.Add((nint)data);
        for (int i = 0; i < values.Length; i++)
        {
            if (type == ElementType.F32)
                ((float*)data)[i] = values[i];
            else
                ((ushort*)data)[i] = (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
        }
        return new TensorView(spec.Name, type, SectionLayout.Rows, spec.Rows, spec.Columns, data);
    }
}
