using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

public class KvCacheTests
{
    // Wide enough that every region goes to the workers; two and a half pages.
    private static readonly GptConfig Config = new()
    {
        VocabSize = 99,
        ContextLength = 160,
        EmbeddingDim = 192,
        LayerCount = 2,
        HeadCount = 6,
        KvHeadCount = 3,
        HeadDim = 40,
        MlpDim = 500,
        Activation = ActivationKind.GeluTanh,
    };

    public static TheoryData<ElementType, KvType> Types => new()
    {
        { ElementType.F32, KvType.F32 },
        { ElementType.F32, KvType.Bf16 },
        { ElementType.Bf16, KvType.F32 },
        { ElementType.Bf16, KvType.Bf16 },
    };

    [Theory]
    [MemberData(nameof(Types))]
    public void Forward_gives_the_same_bits_for_any_threads_and_chunks(ElementType type, KvType kvType)
    {
        using var model = new InMemoryModel(Config, type);
        int[] ids = ModelRuns.Ids(Config, Config.ContextLength);
        uint[] whole = ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 1, kvType: kvType));
        foreach (int threads in new[] { 1, 2, 3 })
        {
            foreach (int step in new[] { 1, 7, 64, 100, 160 })
                Assert.Equal(whole, ModelRuns.Bits(ModelRuns.Logits(model, ids, threads, step, kvType)));
        }
    }

    [Theory]
    [InlineData(KvType.F32)]
    [InlineData(KvType.Bf16)]
    public void Forward_of_a_batch_on_rewound_copies_equals_each_sequence_alone(KvType kvType)
    {
        using var model = new InMemoryModel(Config);
        int[] ids = ModelRuns.Ids(Config, 140);
        float[] expected = ModelRuns.Logits(model, ids, kvType: kvType);
        using var activations = new Activations(Config, threads: 2);
        KvCache[] caches = [.. Enumerable.Range(0, 4).Select(_ => new KvCache(Config, kvType))];
        var batch = new TokenBatch();
        batch.Add(caches[0], ids, LogitRows.None);
        batch.Add(caches[1], ids.AsSpan(70), LogitRows.None);   // forgotten
        model.Gpt.Forward(batch, activations);

        batch.Clear();
        int[] kept = [139, 128, 70, 3];
        for (int i = 0; i < caches.Length; i++)
        {
            if (i > 0)
                caches[i].CopyFrom(caches[0]);
        }
        for (int i = 0; i < caches.Length; i++)
        {
            caches[i].Truncate(kept[i]);
            batch.Add(caches[i], ids.AsSpan(kept[i]), LogitRows.Last);
        }
        uint[] together = ModelRuns.Bits(model.Gpt.Forward(batch, activations).ToArray());
        uint[] last = ModelRuns.Bits(expected[^Config.VocabSize..]);
        Assert.Equal(Enumerable.Repeat(last, caches.Length).SelectMany(row => row), together);
        foreach (KvCache cache in caches)
            cache.Dispose();
    }

    [Fact]
    public void Bf16_gives_other_logits_but_no_others_than_its_rounding_explains()
    {
        using var model = new InMemoryModel(Config);
        int[] ids = ModelRuns.Ids(Config, 150);
        float[] exact = ModelRuns.Logits(model, ids), rounded = ModelRuns.Logits(model, ids, kvType: KvType.Bf16);
        Assert.NotEqual(exact, rounded);

        // A key or a value is within 2^-9 of itself, and so are the sums over them on average; each of the two layers adds such an error.
        double size = Math.Sqrt(exact.Sum(logit => (double)logit * logit));
        double error = Math.Sqrt(exact.Zip(rounded, (x, y) => Math.Pow((double)x - y, 2)).Sum());
        Assert.InRange(error / size, 0, 2 * Math.Pow(2, -9));
    }

    [Fact]
    public void Caches_of_several_types_are_refused_and_nothing_changes()
    {
        using var model = new InMemoryModel(Config);
        using var activations = new Activations(Config, threads: 1);
        using KvCache wide = new(Config), narrow = new(Config, KvType.Bf16);
        Assert.Equal((KvType.F32, KvType.Bf16), (wide.KvType, narrow.KvType));
        var batch = new TokenBatch();
        batch.Add(wide, [1]);
        batch.Add(narrow, [1]);
        string message = Assert.Throws<ArgumentException>(() => { model.Gpt.Forward(batch, activations); }).Message;
        Assert.Contains("caches of f32 and bf16 found, one type needed", message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (wide.Length, narrow.Length));

        batch.Clear();
        batch.Add(wide, [1, 2, 3]);
        model.Gpt.Forward(batch, activations);
        Assert.Contains("of f32 found, bf16 needed", Assert.Throws<ArgumentException>(() => narrow.CopyFrom(wide)).Message, StringComparison.Ordinal);
        Assert.Equal((3, 0), (wide.Length, narrow.Length));
        Assert.Throws<ArgumentOutOfRangeException>(() => new KvCache(Config, (KvType)2));
    }
}
