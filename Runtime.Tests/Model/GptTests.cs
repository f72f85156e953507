using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

public class GptTests
{
    // Shapes differ pairwise so that a transposed matrix cannot hide; 10 and 51 are no multiples of the lanes.
    private static readonly GptConfig Odd = new()
    {
        VocabSize = 51,
        ContextLength = 150,
        EmbeddingDim = 20,
        LayerCount = 2,
        HeadCount = 2,
        KvHeadCount = 2,
        HeadDim = 10,
        MlpDim = 37,
        Activation = ActivationKind.GeluErf,
        QkvBias = true,
        ProjectionBias = true,
        MlpUpBias = true,
        MlpDownBias = true,
        TiedHead = true,
    };

    private static readonly GptConfig Wide = Odd with
    {
        EmbeddingDim = 96,
        HeadCount = 6,
        KvHeadCount = 3,
        HeadDim = 24,
        MlpDim = 264,
        VocabSize = 130,
        Activation = ActivationKind.GeluTanh,
        QkvBias = false,
        ProjectionBias = false,
        NormBias = false,
        TiedHead = false,
        HeadBias = true,
    };

    public static TheoryData<GptConfig, ElementType> Models => new()
    {
        { Odd, ElementType.F32 },
        { Odd, ElementType.Bf16 },
        { Odd with { Activation = ActivationKind.Relu, HeadDim = 72, LayerCount = 1 }, ElementType.F32 },
        { Odd with { Activation = ActivationKind.ReluSquared, MlpUpBias = false, MlpDownBias = false }, ElementType.F32 },
        { Wide, ElementType.F32 },
        { Wide, ElementType.Bf16 },
        { Odd, ElementType.Q8 },
        { Odd, ElementType.Q4 },
        { Wide, ElementType.Q8 },
        { Wide, ElementType.Q4 },
    };

    [Theory]
    [MemberData(nameof(Models))]
    public void Forward_matches_double_precision_reference(GptConfig config, ElementType type)
    {
        using var model = new InMemoryModel(config, type);
        ModelRuns.AssertMatchesReference(model, ModelRuns.Ids(config, 100));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Forward_in_one_call_equals_token_by_token_and_any_other_cut(GptConfig config, ElementType type)
    {
        using var model = new InMemoryModel(config, type);
        int[] ids = ModelRuns.Ids(config, config.ContextLength);
        float[] whole = ModelRuns.Logits(model, ids);

        foreach (int step in new[] { 1, 2, 3, 7, 64, 100 })
            Assert.Equal(ModelRuns.Bits(whole), ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 2, step)));
    }

    [Theory]
    [InlineData(ElementType.F32)]
    [InlineData(ElementType.Bf16)]
    [InlineData(ElementType.Q8)]
    [InlineData(ElementType.Q4)]
    public void Forward_in_a_batch_equals_each_sequence_alone(ElementType type)
    {
        using var model = new InMemoryModel(Wide, type);
        int[] ids = ModelRuns.Ids(Wide, 60);
        int[][] sequences = [ids[..17], ids[20..21], ids[5..45], ids[40..42], ids[30..60]];
        float[][] alone = [.. sequences.Select(s => ModelRuns.Logits(model, s))];

        using var activations = new Activations(Wide, threads: 2);
        KvCache[] caches = [.. sequences.Select(_ => new KvCache(Wide))];
        var batch = new TokenBatch();
        for (int i = 0; i < sequences.Length; i++)
            batch.Add(caches[i], sequences[i], i % 2 == 0 ? LogitRows.All : LogitRows.Last);
        float[] together = model.Gpt.Forward(batch, activations).ToArray();

        int at = 0;
        for (int i = 0; i < sequences.Length; i++)
        {
            float[] expected = i % 2 == 0 ? alone[i] : alone[i][^Wide.VocabSize..];
            Assert.Equal(ModelRuns.Bits(expected), ModelRuns.Bits(together[at..(at + expected.Length)]));
            at += expected.Length;
        }
        Assert.Equal(at, together.Length);
        foreach (KvCache cache in caches)
            cache.Dispose();
    }

    [Fact]
    public void Forward_longer_than_the_scratch_equals_shorter_calls()
    {
        // So wide that only a few tokens fit the scratch memory at a time.
        GptConfig config = Odd with { MlpDim = 120_000, LayerCount = 1, VocabSize = 7, ContextLength = 70 };
        using var model = new InMemoryModel(config);
        int[] ids = ModelRuns.Ids(config, 70);
        using (var activations = new Activations(config, threads: 1))
            Assert.InRange(activations.ChunkLength, 2, 40);

        Assert.Equal(ModelRuns.Bits(ModelRuns.Logits(model, ids, step: 1)), ModelRuns.Bits(ModelRuns.Logits(model, ids)));
    }

    [Fact]
    public void Forward_after_truncate_or_copy_equals_a_fresh_run()
    {
        using var model = new InMemoryModel(Odd);
        int[] ids = ModelRuns.Ids(Odd, 100);
        float[] expected = ModelRuns.Logits(model, ids);
        using var activations = new Activations(Odd, threads: 1);
        using KvCache first = new(Odd), second = new(Odd);
        var batch = new TokenBatch();
        batch.Add(first, ids.AsSpan(0, 70), LogitRows.None);
        batch.Add(second, ids.AsSpan(50, 50), LogitRows.None);
        Assert.Equal(0, model.Gpt.Forward(batch, activations).Length);

        second.CopyFrom(first);
        second.Truncate(66);
        batch.Clear();
        batch.Add(second, ids.AsSpan(66), LogitRows.Last);
        Assert.Equal(ModelRuns.Bits(expected[^Odd.VocabSize..]), ModelRuns.Bits(model.Gpt.Forward(batch, activations).ToArray()));

        first.Truncate(0);
        batch.Clear();
        batch.Add(first, ids, LogitRows.Last);
        Assert.Equal(ModelRuns.Bits(expected[^Odd.VocabSize..]), ModelRuns.Bits(model.Gpt.Forward(batch, activations).ToArray()));
    }

    [Fact]
    public void Forward_refuses_what_does_not_fit_and_changes_nothing()
    {
        using var model = new InMemoryModel(Odd);
        using var activations = new Activations(Odd, threads: 1);
        using KvCache cache = new(Odd), other = new(Wide);
        var batch = new TokenBatch();

        batch.Add(cache, [1, Odd.VocabSize]);
        Assert.Contains("token id 51", Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, activations); }).Message, StringComparison.Ordinal);
        batch.Clear();
        batch.Add(cache, new int[Odd.ContextLength + 1]);
        Assert.Contains("at most 150 fit", Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, activations); }).Message, StringComparison.Ordinal);
        batch.Clear();
        batch.Add(other, [1]);
        Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, activations); });
        Assert.Equal(0, cache.Length);
        Assert.Throws<ArgumentException>(() => batch.Add(other, [1]));

        // A page of as many floats, laid out otherwise.
        using var twin = new KvCache(Odd with { LayerCount = 1, HeadDim = 20 });
        batch.Clear();
        batch.Add(twin, [1]);
        Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, activations); });
        Assert.Throws<ArgumentException>(() => cache.CopyFrom(twin));

        using var small = new Activations(Odd with { MlpDim = 8 }, threads: 1);
        batch.Clear();
        batch.Add(cache, [1]);
        Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, small); });
        Assert.Throws<ArgumentException>(() => new Gpt(Odd with { VocabSize = 1000 }, model.Gpt.Weights));
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { model.Gpt.Forward(batch, activations); });
    }

    [Theory]
    [InlineData(1, 2, 999)]
    [InlineData(2, 2, 999)]
    [InlineData(2, 2, 100_000)]   // the head alone is as much work as a prompt's matrices
    [InlineData(2, 16, 999)]      // enough sequences for packed panels
    public void Forward_of_several_sequences_allocates_nothing(int threads, int sequences, int vocabSize)
    {
        GptConfig config = Wide with { EmbeddingDim = 384, HeadCount = 6, KvHeadCount = 6, HeadDim = 64, MlpDim = 1000, VocabSize = vocabSize, ContextLength = 900 };
        using var model = new InMemoryModel(config);
        using var activations = new Activations(config, threads);
        KvCache[] caches = [.. Enumerable.Range(0, sequences).Select(_ => new KvCache(config))];
        var batch = new TokenBatch();
        int next = 0;
        void Step()
        {
            batch.Clear();
            next++;
            foreach (KvCache cache in caches)
                batch.Add(cache, [next]);
            model.Gpt.Forward(batch, activations);
        }
        Step();

        // Two more pages of the cache are taken on the way. Counted step by step: a count that a collection disturbs is repeated, and the
        // context has room for many more steps, but not for many more runs of 70.
        for (int i = 0; i < 70; i++)
            Assert.Equal(0, Allocations.Of(Step));
        foreach (KvCache cache in caches)
            cache.Dispose();
    }
}
