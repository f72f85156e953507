using MyGpt.CommandLine.Doctor.Reference;
using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Doctor.Checks;

/// <summary>Stores the keys and values of a chunk's tokens.</summary>
internal delegate void StoreKernel(Activations activations, BatchChunk chunk, int layer);

/// <summary>Attention of a chunk's tokens over what the cache holds.</summary>
internal delegate void AttentionKernel(Activations activations, BatchChunk chunk, long positions, int layer);

/// <summary>The cache of keys and values, to the bit, and attention, on as many threads as a model would have.</summary>
internal static unsafe class AttentionChecks
{
    private const int Layer = 1;

    // Weights of at most 1 over values of at most 1.5: some hundred roundings.
    private const float Spread = 1.5f;
    private const double Relative = 1e-6, Absolute = 3e-6;

    // Grouped heads and single ones, sizes that fill no vector; prompts within a page and past it.
    private static readonly GptConfig[] Models = [Model(heads: 6, kvHeads: 2, headDim: 24), Model(heads: 5, kvHeads: 5, headDim: 16), Model(heads: 2, kvHeads: 1, headDim: 10)];
    private static readonly int[] Prompts = [9, KvPage.Positions + 6];

    private static readonly Type[] Types = [typeof(F32Rows), typeof(Bf16Rows)];

    /// <summary>The cache.</summary>
    public static KernelCheck Store(KvType type, StoreKernel store) => new($"KV cache, {type.Code()}", [typeof(KvStore<>), .. Types], () =>
        Trials(type, store, attend: null));

    /// <summary>Attention.</summary>
    public static KernelCheck Attend(KvType type, AttentionKernel attend) => new(
        $"attention, {type.Code()}",
        [typeof(Attention<>), typeof(AttentionBlock), typeof(AttentionTile), typeof(OnePageAttention), typeof(SoftmaxRows), .. Types],
        () => Trials(type, CachedAttention.Store, attend));

    private static GptConfig Model(int heads, int kvHeads, int headDim) => new()
    {
        VocabSize = 1, ContextLength = KvPage.Positions + 16, EmbeddingDim = 1, LayerCount = Layer + 1,
        HeadCount = heads, KvHeadCount = kvHeads, HeadDim = headDim, MlpDim = 1, Activation = ActivationKind.Relu,
    };

    // A prompt, and a token alone after it; or, without attention, what the cache then holds.
    private static IEnumerable<Trial> Trials(KvType type, StoreKernel store, AttentionKernel? attend)
    {
        foreach (GptConfig config in Models)
        {
            using var activations = new Activations(config, Environment.ProcessorCount);
            foreach (int prompt in Prompts)
            {
                float[] qkv = Numbers.Floats((prompt + 1) * config.QkvDim, seed: prompt, Spread);
                var reference = new PlainAttention(config, type, qkv);
                string shape = $"{config.HeadCount} heads of {config.HeadDim}, {config.KvHeadCount} of keys";
                using var cache = new KvCache(config, type);
                float[] mixed = Run(activations, cache, qkv, prompt, store, attend);
                if (attend is null)
                {
                    yield return Stored(shape, reference, cache);
                    continue;
                }
                yield return Attended($"{shape}, a prompt of {prompt}", reference, mixed, first: 0, prompt);
                mixed = Run(activations, cache, qkv[^config.QkvDim..], 1, store, attend);
                yield return Attended($"{shape}, a token after {prompt}", reference, mixed, prompt, prompt + 1);
            }
        }
    }

    private static float[] Run(Activations activations, KvCache cache, float[] qkv, int tokens, StoreKernel store, AttentionKernel? attend)
    {
        var batch = new TokenBatch();
        batch.Add(cache, new int[tokens]);
        var chunk = new BatchChunk(batch, activations.ChunkLength);
        long positions = chunk.Place(activations.Rows);
        int qkvDim = activations.Config.QkvDim;
        qkv.AsSpan(0, tokens * qkvDim).CopyTo(new Span<float>(activations.Qkv, tokens * qkvDim));
        store(activations, chunk, Layer);
        attend?.Invoke(activations, chunk, positions, Layer);
        return new Span<float>(activations.Mixed, tokens * activations.Config.AttentionDim).ToArray();
    }

    private static Trial Attended(string call, PlainAttention reference, float[] mixed, int first, int end) => Trial.Near(
        call, mixed, [.. Enumerable.Range(first, end - first).SelectMany(reference.Attend)], Relative, Absolute);

    // Of each head keys (HS, 64), then values (64, HS), page after page.
    private static Trial Stored(string shape, PlainAttention reference, KvCache cache)
    {
        KvPage page = cache.Layout;
        List<float> found = [], expected = [];
        for (int position = 0; position < cache.Length; position++)
        {
            byte* memory = cache.Pages[position / KvPage.Positions];
            int slot = position % KvPage.Positions;
            for (int head = 0; head < page.KvHeadCount; head++)
            {
                int keys = ((Layer * page.KvHeadCount) + head) * 2 * KvPage.Positions * page.HeadDim, values = keys + (KvPage.Positions * page.HeadDim);
                for (int i = 0; i < page.HeadDim; i++)
                {
                    found.Add(Element(cache.KvType, memory, keys + (i * KvPage.Positions) + slot));
                    expected.Add(reference.Key(position, head, i));
                    found.Add(Element(cache.KvType, memory, values + (slot * page.HeadDim) + i));
                    expected.Add(reference.Value(position, head, i));
                }
            }
        }
        return Trial.Exact($"{shape}, {cache.Length} positions", [.. found], [.. expected]);
    }

    private static float Element(KvType type, byte* memory, int i) => type switch
    {
        KvType.F32 => ((float*)memory)[i],
        KvType.Bf16 => BitConverter.UInt32BitsToSingle((uint)((ushort*)memory)[i] << 16),
    };
}
