using MyGpt.Checkpoints;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Exactness;

/// <summary>The weights files behind the exactness tests, each made when it is first asked for and the same bytes on every machine.</summary>
public sealed class ExactModels : IDisposable
{
    private readonly TemporaryFolder _folder = new(nameof(ExactModels));

    /// <summary>The committed checkpoints: name, file and what it does not say itself.</summary>
    internal static IReadOnlyDictionary<string, (string File, ConvertOptions Options)> Fixtures { get; } = new Dictionary<string, (string, ConvertOptions)>
    {
        ["hf_gpt2_char_bf16"] = ("model.safetensors", new()),
        ["hf_gpt2_char_f16"] = ("pytorch_model.bin", new()),
        ["microgpt_relu"] = ("microgpt.json", new()),
        ["microgpt_relu2"] = ("microgpt.json", new()),
        ["mygpt_ch15_bare_state_dict"] = ("trained_gpt.pt", new() { Heads = 2 }),
        ["mygpt_ch18_old_config"] = ("ch18.ckpt", new()),
        ["mygpt_final_shakespeare"] = ("shakespeare.ckpt", new()),
        ["nanogpt_char_nobias"] = ("ckpt.pt", new()),
    };

    /// <summary>Path of a model's weights.bin.</summary>
    /// <param name="name">One of <see cref="Architectures"/> or of <see cref="Fixtures"/>.</param>
    /// <param name="type">Type of its matrices.</param>
    public string Path(string name, ElementType type)
    {
        string path = _folder.File($"{name}-{type.Code()}.bin");
        if (File.Exists(path))
            return path;
        if (Fixtures.TryGetValue(name, out (string File, ConvertOptions Options) fixture))
            Converter.Convert(TestFiles.Fixture($"{name}/{fixture.File}"), path, fixture.Options with { Type = type });
        else if (type == ElementType.F32)
            TinyModels.Write(path, Architectures.All[name]);
        else
            Converter.Convert(Path(name, ElementType.F32), path, new ConvertOptions { Type = type });
        return path;
    }

    public void Dispose() => _folder.Dispose();
}
