using System.Runtime.InteropServices;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

public sealed class ModelFileTests
{
    public static TheoryData<string> Variants => [.. VariantConfigs.Keys];

    private static Dictionary<string, GptConfig> VariantConfigs { get; } = new()
    {
        ["all biases, untied"] = TinyModels.Config with { HeadBias = true },
        ["no biases, tied"] = TinyModels.Config with
        {
            NormBias = false, QkvBias = false, ProjectionBias = false, MlpUpBias = false, MlpDownBias = false, TiedHead = true,
        },
        ["tied with head bias"] = TinyModels.Config with { TiedHead = true, HeadBias = true },
        ["one layer, one head, one of everything"] = TinyModels.Config with
        {
            VocabSize = 1, ContextLength = 1, EmbeddingDim = 1, LayerCount = 1, HeadCount = 1, KvHeadCount = 1, HeadDim = 1, MlpDim = 1,
        },
        ["twelve layers, squared relu, another epsilon"] = TinyModels.Config with
        {
            LayerCount = 12, Activation = ActivationKind.ReluSquared, NormEpsilon = 1.2345679e-6f,
        },
        ["relu"] = TinyModels.Config with { Activation = ActivationKind.Relu, KvHeadCount = 4 },
        ["gelu tanh"] = TinyModels.Config with { Activation = ActivationKind.GeluTanh, KvHeadCount = 1 },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public void Open_returns_what_was_written(string variant)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        GptConfig config = VariantConfigs[variant];
        foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16 })
        {
            using ModelFile model = ModelFile.Open(TinyModels.Write(folder.File($"{type}.bin"), config, seed: 3, type));
            Assert.Equal(config, model.Description.Config);
            Assert.Null(model.Description.Tokenizer);
            Assert.Equal(new GenerationDefaults(), model.Description.Generation);
            Assert.Equal("""{"family":"test","seed":3}""", model.Description.Source.ToJsonString());
            foreach (TensorSpec spec in TensorSpec.For(config))
                AssertWeights(model.File, spec, seed: 3, type);
            model.File.VerifyChecksums();
        }
    }

    private static unsafe void AssertWeights(WeightsFile file, TensorSpec spec, int seed, ElementType type)
    {
        TensorView view = spec.IsMatrix ? file.Tensor(spec.Name, spec.Rows, spec.Columns) : file.Vector(spec.Name, spec.Columns);
        Assert.Equal(spec.Name, view.Name);
        Assert.Equal(spec.IsMatrix ? type : ElementType.F32, view.Type);
        Assert.Equal((spec.Rows, spec.Columns), (view.Rows, view.Columns));
        Assert.Equal(0u, (nuint)view.Data % 64);
        ReadOnlySpan<byte> bytes = new(view.Data, (int)view.ByteLength);
        float[] expected = TinyModels.Values(spec, seed);
        if (view.Type == ElementType.F32)
            Assert.Equal(expected, MemoryMarshal.Cast<byte, float>(bytes).ToArray());
        else
            Assert.Equal(expected.Select(TinyModels.ToBf16), MemoryMarshal.Cast<byte, ushort>(bytes).ToArray());
        GC.KeepAlive(file);
    }
}
