using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Parameters;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Bench.Columns;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Bench.Model;

/// <summary>The tutorials' small models on one core, as a program runs them: text in, text out, sampling included.</summary>
public class SmallModelBench : IHasWork
{
    private const int Tokens = 12;

    private static readonly GenerationOptions GreedyOptions = new() { Temperature = 0, MaxNewTokens = Tokens, EndTokens = [], Seed = 1 };
    private static readonly GenerationOptions SampledOptions = GreedyOptions with { Temperature = 0.8f, TopK = 50 };

    private string _path = "";
    private LanguageModel _model = null!;

    [Params("mygpt_final_shakespeare/shakespeare.ckpt", "nanogpt_char_nobias/ckpt.pt", "microgpt_relu/microgpt.json")]
    public string Fixture { get; set; } = "";

    [Params(ElementType.F32, ElementType.Bf16)]
    public ElementType Type { get; set; }

    public static Work WorkOf(string method, ParameterInstances parameters) => new(Tokens: 1, Bytes: 0, Flops: 0);

    [GlobalSetup]
    public void Setup()
    {
        _path = Path.Combine(Path.GetTempPath(), $"mygpt-bench-{Guid.NewGuid():N}.bin");
        Converter.Convert(Path.Combine(Root(), "Runtime.Tests", "Fixtures", Fixture), _path, new ConvertOptions { Type = Type });
        _model = LanguageModel.Open(_path, threads: 1);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _model.Dispose();
        File.Delete(_path);
    }

    [Benchmark(OperationsPerInvoke = Tokens)]
    public int Greedy() => Generate(GreedyOptions);

    [Benchmark(OperationsPerInvoke = Tokens)]
    public int Sampled() => Generate(SampledOptions);

    private int Generate(GenerationOptions options)
    {
        int characters = 0;
        foreach (ReadOnlySpan<char> text in _model.Generate("a", options))
            characters += text.Length;
        return characters;
    }

    private static string Root()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "MyGpt.Runtime.sln")))
            folder = folder.Parent;
        return folder?.FullName ?? throw new InvalidOperationException($"No MyGpt.Runtime.sln above {AppContext.BaseDirectory}.");
    }
}
