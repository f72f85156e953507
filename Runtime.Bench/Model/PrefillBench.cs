using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>512 tokens into an empty cache, logits of the last one, on the 124 M shape.</summary>
public class PrefillBench : IHasWork
{
    private const int Tokens = 512;

    private readonly TokenBatch _batch = new();
    private RandomModel _model = null!;
    private Activations _activations = null!;
    private KvCache _cache = null!;
    private int[] _prompt = [];

    [Params(ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4)]
    public ElementType Type { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        GptConfig config = RandomModel.Gpt2Small;
        double head = (double)config.VocabSize * config.EmbeddingDim;
        double attention = 4.0 * config.EmbeddingDim * config.LayerCount * Tokens * (Tokens + 1) / 2;
        double flops = 2 * (RandomModel.MatrixWeights(config) - head) * Tokens + 2 * head + attention;
        return new Work(1, 0, flops / Tokens);
    }

    [GlobalSetup]
    public void Setup()
    {
        _model = new RandomModel(RandomModel.Gpt2Small, Type);
        _activations = new Activations(_model.Gpt.Config, Threads);
        _cache = new KvCache(_model.Gpt.Config);
        _prompt = RandomModel.Prompt(Tokens, _model.Gpt.Config.VocabSize);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _cache.Dispose();
        _activations.Dispose();
        _model.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Tokens)]
    public float Prefill()
    {
        _cache.Truncate(0);
        _batch.Clear();
        _batch.Add(_cache, _prompt);
        return _model.Gpt.Forward(_batch, _activations)[0];
    }
}
