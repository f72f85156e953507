using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>One token chosen from GPT-2's 50,257 logits; the copy that each call needs is the baseline.</summary>
public class SamplerBench : IHasWork
{
    private readonly SamplerPipeline _greedy = SamplerPipeline.Create(temperature: 0, topK: 0);
    private readonly SamplerPipeline _temperature = SamplerPipeline.Create(temperature: 0.8f, topK: 0);
    private readonly SamplerPipeline _topK = SamplerPipeline.Create(temperature: 0.8f, topK: 50);
    private readonly SamplerPipeline _topK1000 = SamplerPipeline.Create(temperature: 0.8f, topK: 1000);
    private readonly RandomSource _random = new(seed: 1, stream: 0);
    private readonly float[] _logits = new float[RandomModel.Gpt2Small.VocabSize];
    private float[] _source = [];

    /// <summary>Whether the logits rise with the id: an order that is bad for top-k.</summary>
    [Params(false, true)]
    public bool Ascending { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters) => new(Tokens: 1, Bytes: 0, Flops: 0);

    [GlobalSetup]
    public void Setup()
    {
        var random = new Random(1);
        float[] source = [.. _logits.Select(_ => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()) * 2.5))];
        _source = Ascending ? [.. source.Order()] : source;
    }

    [Benchmark(Baseline = true)]
    public void Copy() => _source.CopyTo(_logits, 0);

    [Benchmark]
    public int Greedy() => Sample(_greedy);

    [Benchmark]
    public int Temperature() => Sample(_temperature);

    [Benchmark]
    public int TopK50() => Sample(_topK);

    [Benchmark]
    public int TopK1000() => Sample(_topK1000);

    private int Sample(SamplerPipeline pipeline)
    {
        _source.CopyTo(_logits, 0);
        return pipeline.Sample(_logits, _random);
    }
}
