using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>The tutorials' small models on one core: a window of tokens after a quarter of it as prompt, greedy and sampled.</summary>
public class SmallModelBench : IHasWork
{
    private const int Tokens = 32;

    private readonly TokenBatch _batch = new();
    private readonly int[] _token = new int[1];
    private readonly SamplerPipeline _sampled = SamplerPipeline.Create(temperature: 0.8f, topK: 50);
    private readonly SamplerPipeline _greedy = SamplerPipeline.Create(temperature: 0, topK: 0);
    private readonly RandomSource _random = new(seed: 1, stream: 0);
    private string _path = "";
    private ModelFile _file = null!;
    private Gpt _gpt = null!;
    private Activations _activations = null!;
    private KvCache _cache = null!;

    [Params("mygpt_final_shakespeare/shakespeare.ckpt", "nanogpt_char_nobias/ckpt.pt")]
    public string Fixture { get; set; } = "";

    public static Work WorkOf(string method, ParameterInstances parameters) => new(Tokens: 1, Bytes: 0, Flops: 0);

    [GlobalSetup]
    public void Setup()
    {
        _path = Path.Combine(Path.GetTempPath(), $"mygpt-bench-{Guid.NewGuid():N}.bin");
        Converter.Convert(Path.Combine(Root(), "Runtime.Tests", "Fixtures", Fixture), _path, new ConvertOptions());
        _file = ModelFile.Open(_path);
        _gpt = new Gpt(_file.Description.Config, _file.Weights);
        _activations = new Activations(_gpt.Config, threads: 1);
        _cache = new KvCache(_gpt.Config);
        _batch.Add(_cache, RandomModel.Prompt(_gpt.Config.ContextLength / 4, _gpt.Config.VocabSize));
        _gpt.Forward(_batch, _activations);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _cache.Dispose();
        _activations.Dispose();
        _file.Dispose();
        File.Delete(_path);
    }

    [Benchmark(OperationsPerInvoke = Tokens)]
    public int Greedy() => Decode(_greedy);

    [Benchmark(OperationsPerInvoke = Tokens)]
    public int Sampled() => Decode(_sampled);

    private int Decode(SamplerPipeline sampler)
    {
        _cache.Truncate(_gpt.Config.ContextLength / 4);
        _token[0] = 13;
        for (int i = 0; i < Tokens; i++)
        {
            _batch.Clear();
            _batch.Add(_cache, _token);
            _token[0] = sampler.Sample(_gpt.Forward(_batch, _activations), _random);
        }
        return _token[0];
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MyGpt.Runtime.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No MyGpt.Runtime.sln above {AppContext.BaseDirectory}.");
    }
}
