using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Bench.Kernels;

/// <summary>The MLP's first matrix of the 124 M shape, (3072, 768), for one token and for many, in each weight type.</summary>
public unsafe class MatMulBench : IHasWork
{
    private const int InDim = 768, OutDim = 3072;

    private NativeBuffer _weights = null!, _x = null!, _y = null!, _inputs = null!, _workers = null!;
    private RowPartition _partition = null!;

    [Params(1, 16, 64, 512)]
    public int Tokens { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        double weights = (double)InDim * OutDim, tokens = (int)parameters[nameof(Tokens)];
        return new Work(tokens, weights * (method == nameof(F32) ? sizeof(float) : sizeof(ushort)), 2 * weights * tokens);
    }

    [GlobalSetup]
    public void Setup()
    {
        _weights = new NativeBuffer(InDim * OutDim);
        _x = new NativeBuffer(InDim * Tokens);
        _y = new NativeBuffer(OutDim * Tokens);
        _inputs = new NativeBuffer(InputTiles.Floats(Tokens, InDim));
        _workers = new NativeBuffer(Threads * MatMulScratch.WorkerFloats(InDim));
        _partition = new RowPartition(Threads);
        _partition.BeginCall(isPrompt: true);   // never paused
        var random = new Random(1);
        for (int i = 0; i < InDim * OutDim; i++)
        {
            // Both halves are the same bfloat16: a float32's lower half could be any, a subnormal or a NaN too.
            uint upper = BitConverter.SingleToUInt32Bits(random.NextSingle() - 0.5f) >> 16;
            _weights.Data[i] = BitConverter.UInt32BitsToSingle((upper << 16) | upper);
        }
        for (int i = 0; i < InDim * Tokens; i++)
            _x.Data[i] = random.NextSingle() - 0.5f;
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _partition.Dispose();
        _weights.Dispose();
        _x.Dispose();
        _y.Dispose();
        _inputs.Dispose();
        _workers.Dispose();
    }

    [Benchmark(Baseline = true)]
    public void F32() => Run<F32Rows>();

    [Benchmark]
    public void Bf16() => Run<Bf16Rows>();

    // As Linear chooses.
    private void Run<TWeights>()
        where TWeights : struct, IWeightType
    {
        var layer = new MatMul<TWeights> { W = (byte*)_weights.Data, X = _x.Data, Y = _y.Data, Tokens = Tokens, InDim = InDim, OutDim = OutDim };
        if (Tokens < Linear.BatchTokens)
            layer.Run(_partition);
        else if (Tokens < Linear.PackedTokens)
            new BatchMatMul<TWeights>(layer, new BatchScratch(_inputs.Data, _workers.Data)).Run(_partition);
        else
            new PackedMatMul<TWeights>(layer, new MatMulScratch(_inputs.Data, _workers.Data, MatMulScratch.WorkerFloats(InDim))).Run(_partition);
    }
}
