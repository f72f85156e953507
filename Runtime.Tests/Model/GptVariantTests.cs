using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>Every variant of the arithmetic, and every two of them together.</summary>
public class GptVariantTests
{
    public static TheoryData<string> Names => [.. ModelVariants.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_matches_double_precision_reference(string name)
    {
        using InMemoryModel model = Make(name);
        ModelRuns.AssertMatchesReference(model, ModelRuns.Ids(model.Config, 70));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Forward_gives_the_same_bits_however_it_is_run(string name)
    {
        using InMemoryModel model = Make(name);
        int[] ids = ModelRuns.Ids(model.Config, 70);
        foreach (KvType kvType in Enum.GetValues<KvType>())
        {
            uint[] whole = ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 2, kvType: kvType));

            Assert.Equal(whole, ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 1, kvType: kvType)));
            Assert.Equal(whole, ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 1, step: 1, kvType)));
            Assert.Equal(whole, ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 3, step: 13, kvType)));
            Assert.Equal(whole, ModelRuns.Bits(BehindAnotherSequence(model, ids, kvType)));
            Assert.Equal(whole[^model.Config.VocabSize..], ModelRuns.Bits(AfterTruncate(model, ids, kvType)));
        }
    }

    [Theory]
    [InlineData(PositionKind.RotaryPairs)]
    [InlineData(PositionKind.RotaryHalves)]
    public void Forward_of_rotary_positions_and_a_gate_allocates_nothing(PositionKind position)
    {
        GptConfig config = new()
        {
            VocabSize = 999,
            ContextLength = 900,
            EmbeddingDim = 384,
            LayerCount = 2,
            HeadCount = 6,
            KvHeadCount = 2,
            HeadDim = 64,
            MlpDim = 1000,
            Norm = NormKind.RmsNorm,
            NormBias = false,
            EmbeddingNorm = true,
            Position = position,
            Activation = ActivationKind.Silu,
            GatedMlp = true,
        };
        using var model = new InMemoryModel(config);
        using var activations = new Activations(config, threads: 2);
        using var cache = new KvCache(config);
        var batch = new TokenBatch();
        int next = 0;
        void Step()
        {
            batch.Clear();
            batch.Add(cache, [next++]);
            model.Gpt.Forward(batch, activations);
        }
        Step();
        for (int i = 0; i < 70; i++)
            Assert.Equal(0, Allocations.Of(Step));   // one by one, as repeated counts use up the context
    }

    [Fact]
    public void Activations_hold_the_angles_of_a_few_positions_whatever_the_context()
    {
        GptConfig widest = ModelVariants.All.Values.First(variant => variant.Config.Position == PositionKind.RotaryHalves).Config with
        {
            ContextLength = 1 << 20, HeadCount = 1, KvHeadCount = 1, HeadDim = 1 << 17,
        };
        widest.Validate();
        using var activations = new Activations(widest, threads: 1);
        Assert.InRange(activations.ChunkLength, 1, 16_000_000 / (6 << 17) / sizeof(float));
    }

    private static InMemoryModel Make(string name) => new(ModelVariants.All[name].Config, ModelVariants.All[name].Type);

    // Rows of a batch, and their scratch memory, lie elsewhere than those of a sequence alone.
    private static float[] BehindAnotherSequence(InMemoryModel model, int[] ids, KvType kvType)
    {
        using var activations = new Activations(model.Config, threads: 2);
        using KvCache other = new(model.Config, kvType), cache = new(model.Config, kvType);
        var batch = new TokenBatch();
        batch.Add(other, ids.AsSpan(20, 11), LogitRows.Last);
        batch.Add(cache, ids, LogitRows.All);
        return model.Gpt.Forward(batch, activations)[model.Config.VocabSize..].ToArray();
    }

    // The cache holds another continuation first, which is forgotten.
    private static float[] AfterTruncate(InMemoryModel model, int[] ids, KvType kvType)
    {
        using var activations = new Activations(model.Config, threads: 2);
        using KvCache cache = new(model.Config, kvType);
        var batch = new TokenBatch();
        batch.Add(cache, [.. ids[..66], .. ids[..9]], LogitRows.None);
        model.Gpt.Forward(batch, activations);
        cache.Truncate(66);
        batch.Clear();
        batch.Add(cache, ids.AsSpan(66), LogitRows.Last);
        return model.Gpt.Forward(batch, activations).ToArray();
    }
}
