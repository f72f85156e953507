using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;
using MyGpt.Runtime.Kernels.WeightTypes;

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
        _workers = new NativeBuffer(Threads * MatMulScratch.WorkerFloats);
        _partition = new RowPartition(Threads);
        _partition.BeginCall(isPrompt: true);   // never paused
        var random = new Random(1);
        for (int i = 0; i < InDim * OutDim; i++)
            _weights.Data[i] = random.NextSingle() - 0.5f;
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
    public void F32() => Job<F32Rows>().Run(_partition);

    [Benchmark]
    public void Bf16() => Job<Bf16Rows>().Run(_partition);

    private MatMul<TWeights> Job<TWeights>()
        where TWeights : struct, IWeightType =>
        new()
        {
            W = (byte*)_weights.Data, X = _x.Data, Y = _y.Data, Tokens = Tokens, InDim = InDim, OutDim = OutDim,
            Scratch = new MatMulScratch(_inputs.Data, _workers.Data),
        };
}
