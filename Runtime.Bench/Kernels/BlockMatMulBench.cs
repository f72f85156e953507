using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Bench.Kernels;

/// <summary>The MLP's first matrix of the 124 M shape, (3072, 768), in the quantised types, and the rounding of its inputs by itself.</summary>
public unsafe class BlockMatMulBench : IHasWork
{
    private const int InDim = 768, OutDim = 3072;

    private NativeBuffer _q8 = null!, _q4 = null!, _x = null!, _words = null!, _factors = null!, _panels = null!, _y = null!;
    private RowPartition _partition = null!;

    [Params(1, 16, 64, 512)]
    public int Tokens { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        int tokens = (int)parameters[nameof(Tokens)];
        double flops = 2.0 * InDim * OutDim * tokens;
        return method switch
        {
            nameof(Q8) => new Work(tokens, OutDim * (double)BlockLayout.RowBytes<Q8Rows>(InDim), flops),
            nameof(Q4) => new Work(tokens, OutDim * (double)BlockLayout.RowBytes<Q4Rows>(InDim), flops),
            _ => new Work(tokens, sizeof(float) * (double)InDim * tokens, 0),
        };
    }

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _q8 = Weights<Q8Rows>(random);
        _q4 = Weights<Q4Rows>(random);
        _x = new NativeBuffer(InDim * Tokens);
        foreach (ref float x in new Span<float>(_x.Data, InDim * Tokens))
            x = random.NextSingle() - 0.5f;
        _words = new NativeBuffer((long)QuantizedInput.StrideOf(InDim) * Tokens * sizeof(short) / sizeof(float));
        _factors = new NativeBuffer(Tokens);
        _panels = new NativeBuffer((long)BlockPanel.MemoryOf(InDim) * Threads);
        _y = new NativeBuffer(OutDim * Tokens);
        _partition = new RowPartition(Threads);
        _partition.BeginCall(isPrompt: true);   // never paused
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _partition.Dispose();
        foreach (NativeBuffer buffer in new[] { _q8, _q4, _x, _words, _factors, _panels, _y })
            buffer.Dispose();
    }

    [Benchmark]
    public void Quantize() => new QuantizeRows { X = _x.Data, Y = Input, Tokens = Tokens, Columns = InDim }.Run(_partition);

    [Benchmark(Baseline = true)]
    public void Q8() => Run<Q8Rows>(_q8);

    [Benchmark]
    public void Q4() => Run<Q4Rows>(_q4);

    private QuantizedInput Input => new() { Words = (short*)_words.Data, Factors = _factors.Data, Stride = QuantizedInput.StrideOf(InDim) };

    // The rounding of the inputs included, as in a model.
    private void Run<TBlock>(NativeBuffer weights)
        where TBlock : struct, IBlockRows
    {
        Quantize();
        new BlockMatMul<TBlock>
        {
            W = (byte*)weights.Data, X = Input, Panels = _panels.Data, PanelLength = BlockPanel.MemoryOf(InDim), Y = _y.Data,
            Tokens = Tokens, InDim = InDim, OutDim = OutDim,
        }.Run(_partition);
    }

    // Random codes, then a scale for each block.
    private static NativeBuffer Weights<TBlock>(Random random)
        where TBlock : struct, IBlockRows
    {
        const ushort scale = 0x3A00;   // 2^-11
        int rowBytes = (int)BlockLayout.RowBytes<TBlock>(InDim), scaleBytes = (int)BlockLayout.Count(InDim) * BlockLayout.ScaleBytes;
        var buffer = new NativeBuffer((long)rowBytes * OutDim / sizeof(float));
        for (int row = 0; row < OutDim; row++)
        {
            var bytes = new Span<byte>((byte*)buffer.Data + (nint)row * rowBytes, rowBytes);
            random.NextBytes(bytes[..^scaleBytes]);
            MemoryMarshal.Cast<byte, ushort>(bytes[^scaleBytes..]).Fill(scale);
        }
        return buffer;
    }
}
