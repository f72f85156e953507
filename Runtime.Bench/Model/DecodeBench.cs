using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>One token at a time after a prompt of 16 or of 992 tokens, arg max included, on the 124 M shape.</summary>
public class DecodeBench : IHasWork
{
    private const int Tokens = 16;

    private readonly TokenBatch _batch = new();
    private readonly int[] _token = new int[1];
    private RandomModel _model = null!;
    private Activations _activations = null!;
    private KvCache _cache = null!;

    [Params(ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4)]
    public ElementType Type { get; set; }

    [Params(1, 2)]
    public int Threads { get; set; }

    [Params(16, 992)]
    public int Position { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters)
    {
        double bytes = RandomModel.BytesPerToken(RandomModel.Gpt2Small, (ElementType)parameters[nameof(Type)]);
        return new Work(1, bytes, 2 * RandomModel.MatrixWeights(RandomModel.Gpt2Small));
    }

    [GlobalSetup]
    public void Setup()
    {
        _model = new RandomModel(RandomModel.Gpt2Small, Type);
        _activations = new Activations(_model.Gpt.Config, Threads);
        _cache = new KvCache(_model.Gpt.Config);
        _batch.Add(_cache, RandomModel.Prompt(Position, _model.Gpt.Config.VocabSize));
        _model.Gpt.Forward(_batch, _activations);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _cache.Dispose();
        _activations.Dispose();
        _model.Dispose();
    }

    [Benchmark(OperationsPerInvoke = Tokens)]
    public int Decode()
    {
        _cache.Truncate(Position);
        _token[0] = 13;
        for (int i = 0; i < Tokens; i++)
        {
            _batch.Clear();
            _batch.Add(_cache, _token);
            _token[0] = ArgMax.Find(_model.Gpt.Forward(_batch, _activations));
        }
        return _token[0];
    }
}
