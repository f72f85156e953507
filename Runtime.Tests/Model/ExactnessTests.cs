using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Model;

/// <summary>One result (docs/numerics.md) where the matrix of <c>Exactness</c> does not go: more cuts and batch sizes, wider layers, several pages and chunks.</summary>
public class ExactnessTests
{
    private const int Sequences = 16, Steps = 2;

    private static readonly int[] ThreadCounts = [1, 2, 3, 8];

    // Alone, in place, the first that are unpacked or packed, and the sixteen of a server.
    private static readonly int[] BatchSizes = [1, 2, 3, 4, 5, 7, 8, 9, Sequences];

    // Wide enough that a token's regions go to the workers. 200 columns are six blocks and a quarter, 331 have a tail, 517 rows fill no tile.
    private static readonly GptConfig Config = new()
    {
        VocabSize = 517,
        ContextLength = 150,
        EmbeddingDim = 200,
        LayerCount = 2,
        HeadCount = 6,
        KvHeadCount = 3,
        HeadDim = 36,
        MlpDim = 331,
        Activation = ActivationKind.GeluTanh,
        QkvBias = true,
        MlpDownBias = true,
        TiedHead = true,
    };

    // Longer than a chunk of a prefill.
    private static readonly GptConfig Long = Config with { ContextLength = 1024, EmbeddingDim = 40, HeadCount = 2, KvHeadCount = 1, HeadDim = 20, MlpDim = 70, LayerCount = 1 };

    public static TheoryData<ElementType, KvType> Types
    {
        get
        {
            var types = new TheoryData<ElementType, KvType>();
            foreach (ElementType type in new[] { ElementType.F32, ElementType.Bf16, ElementType.Q8, ElementType.Q4 })
            {
                foreach (KvType kvType in Enum.GetValues<KvType>())
                    types.Add(type, kvType);
            }
            return types;
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Prompt_has_the_same_logits_for_any_threads_and_cut(ElementType type, KvType kvType)
    {
        using var model = new InMemoryModel(Config, type);
        int[] ids = ModelRuns.Ids(Config, 80);
        uint[] alone = ModelRuns.Bits(ModelRuns.Logits(model, ids, threads: 1, step: 1, kvType));
        foreach (int threads in ThreadCounts)
        {
            foreach (int step in new[] { 1, 5, 8, 64, ids.Length })
                Assert.Equal(alone, ModelRuns.Bits(ModelRuns.Logits(model, ids, threads, step, kvType)));
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void Decoded_sequence_has_the_same_logits_for_any_threads_batch_and_place_in_it(ElementType type, KvType kvType)
    {
        using var model = new InMemoryModel(Config, type);
        using var one = new Activations(Config, threads: 1);
        KvCache[] caches = [.. Enumerable.Range(0, Sequences).Select(i => Filled(model, one, kvType, i))];
        uint[][][] alone = [.. Enumerable.Range(0, Sequences).Select(i => Decode(model, one, caches, [i]).Select(step => step[0]).ToArray())];
        foreach (int threads in ThreadCounts)
        {
            using Activations activations = ModelRuns.Activations(Config, threads);
            foreach (int size in BatchSizes)
            {
                // Each sequence comes first, last and in between.
                int[] order = [.. Enumerable.Range(0, size).Select(place => (place * 5 + size + threads) % Sequences)];
                foreach (int[] batch in new int[][] { order, [.. order.Reverse()] })
                {
                    uint[][][] together = Decode(model, activations, caches, batch);
                    for (int step = 0; step < Steps; step++)
                    {
                        for (int place = 0; place < size; place++)
                            Assert.Equal(alone[batch[place]][step], together[step][place]);
                    }
                }
            }
        }
        foreach (KvCache cache in caches)
            cache.Dispose();
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void End_of_a_long_context_has_the_same_logits_for_any_threads_and_cut(ElementType type, KvType kvType)
    {
        const int decoded = 20;
        using var model = new InMemoryModel(Long, type);
        int[] ids = ModelRuns.Ids(Long, Long.ContextLength);
        uint[] whole = End(threads: 1, ids.Length);
        foreach ((int threads, int step) in new[] { (1, 300), (3, 1000), (8, 511) })
            Assert.Equal(whole, End(threads, step));

        // Of the last tokens; decoded one by one unless the step is the whole.
        uint[] End(int threads, int step)
        {
            using Activations activations = ModelRuns.Activations(Long, threads);
            Assert.InRange(activations.ChunkLength, decoded, ids.Length - 1);
            using var cache = new KvCache(Long, kvType);
            var batch = new TokenBatch();
            List<float> logits = [];
            for (int at = 0; at < ids.Length;)
            {
                int count = step == ids.Length ? step : at < ids.Length - decoded ? Math.Min(step, ids.Length - decoded - at) : 1;
                batch.Clear();
                batch.Add(cache, ids.AsSpan(at, count), LogitRows.All);
                logits.AddRange(model.Gpt.Forward(batch, activations));
                at += count;
            }
            return ModelRuns.Bits(logits.TakeLast(decoded * Long.VocabSize));
        }
    }

    // Lengths from one token to beyond two pages, around the end of a page.
    private static int Length(int sequence) => sequence switch
    {
        0 => 1,
        1 => 62,
        2 => 63,
        3 => 64,
        4 => 128,
        _ => 9 * sequence,
    };

    private static KvCache Filled(InMemoryModel model, Activations activations, KvType kvType, int sequence)
    {
        var cache = new KvCache(Config, kvType);
        var batch = new TokenBatch();
        batch.Add(cache, [.. ModelRuns.Ids(Config, Length(sequence)).Select(id => (id + 7 * sequence) % Config.VocabSize)], LogitRows.None);
        model.Gpt.Forward(batch, activations);
        return cache;
    }

    // Logits of each step and sequence, (steps, sequences, V); the caches are as before then.
    private static uint[][][] Decode(InMemoryModel model, Activations activations, KvCache[] caches, int[] sequences)
    {
        var batch = new TokenBatch();
        uint[][][] logits = new uint[Steps][][];
        for (int step = 0; step < Steps; step++)
        {
            batch.Clear();
            foreach (int sequence in sequences)
                batch.Add(caches[sequence], [31 * sequence + 5 * step]);
            logits[step] = [.. model.Gpt.Forward(batch, activations).ToArray().Chunk(Config.VocabSize).Select(row => ModelRuns.Bits(row))];
        }
        foreach (int sequence in sequences)
            caches[sequence].Truncate(Length(sequence));
        return logits;
    }
}
