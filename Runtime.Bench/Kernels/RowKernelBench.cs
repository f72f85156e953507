using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Bench.Kernels;

/// <summary>The kernels over one row, at the widths of the 124 M shape.</summary>
public class RowKernelBench : IHasWork
{
    private float[] _source = [], _x = [], _gain = [], _bias = [];

    [Params(768, 3072, 50257)]
    public int Length { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters) => new(0, sizeof(float) * (double)(int)parameters[nameof(Length)], 0);

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        _source = [.. Enumerable.Range(0, Length).Select(_ => random.NextSingle() * 8 - 4)];
        _x = [.. _source];
        _gain = [.. _source];
        _bias = [.. _source];
    }

    [Benchmark(Baseline = true)]
    public void Copy() => _source.CopyTo(_x, 0);

    [Benchmark]
    public void LayerNorm() => Runtime.Kernels.LayerNorm.Apply(_source, _gain, _bias, 1e-5f, _x);

    [Benchmark]
    public void RmsNorm() => Runtime.Kernels.RmsNorm.Apply(_source, _gain, _bias, 1e-5f, _x);

    [Benchmark]
    public void Silu()
    {
        _source.CopyTo(_x, 0);
        Runtime.Kernels.Silu.Apply(_x);
    }

    [Benchmark]
    public void GeluErf()
    {
        _source.CopyTo(_x, 0);
        Runtime.Kernels.GeluErf.Apply(_x);
    }

    [Benchmark]
    public void GeluTanh()
    {
        _source.CopyTo(_x, 0);
        Runtime.Kernels.GeluTanh.Apply(_x);
    }

    [Benchmark]
    public void Softmax()
    {
        _source.CopyTo(_x, 0);
        Runtime.Kernels.Softmax.Apply(_x);
    }

    [Benchmark]
    public double LogSoftmax() => Scoring.LogSoftmax.Of(_source, token: 1);

    [Benchmark]
    public int ArgMaxOfRow() => ArgMax.Find(_source);
}
