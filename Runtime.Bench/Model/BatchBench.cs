using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>A token each for several sequences in one call, after prompts of 16, on the 124 M shape with two threads.</summary>
public class BatchBench : IHasWork
{
    private const int PromptLength = 16;

    private readonly TokenBatch _batch = new();
    private RandomModel _model = null!;
    private Activations _activations = null!;
    private KvCache[] _caches = [];

    [Params(ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4)]
    public ElementType Type { get; set; }

    [Params(1, 2, 4, 8, 16)]
    public int Sequences { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        int sequences = (int)parameters[nameof(Sequences)];
        double bytes = RandomModel.BytesPerToken(RandomModel.Gpt2Small, (ElementType)parameters[nameof(Type)]);
        return new Work(sequences, bytes, 2 * sequences * RandomModel.MatrixWeights(RandomModel.Gpt2Small));
    }

    [GlobalSetup]
    public void Setup()
    {
        _model = new RandomModel(RandomModel.Gpt2Small, Type);
        _activations = new Activations(_model.Gpt.Config, threads: 2);
        _caches = [.. Enumerable.Range(0, Sequences).Select(_ => new KvCache(_model.Gpt.Config))];
        foreach (KvCache cache in _caches)
            _batch.Add(cache, RandomModel.Prompt(PromptLength, _model.Gpt.Config.VocabSize), LogitRows.None);
        _model.Gpt.Forward(_batch, _activations);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        foreach (KvCache cache in _caches)
            cache.Dispose();
        _activations.Dispose();
        _model.Dispose();
    }

    [Benchmark]
    public float Step()
    {
        _batch.Clear();
        foreach (KvCache cache in _caches)
        {
            cache.Truncate(PromptLength);
            _batch.Add(cache, [13]);
        }
        return _model.Gpt.Forward(_batch, _activations)[0];
    }
}
