using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Sampling;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>
/// Runs what a model will run, on a few zeros, while its file and its vocabulary are read: kernels are compiled when they are first
/// called, fully optimised, and that takes longer than the first token of a small model.
/// </summary>
internal static unsafe class KernelWarmUp
{
    // Beside a single token: a batch that fills tiles of attention and of quantised layers, and leaves tokens for the tiles of few; the shortest one, too
    // short for those; and a prompt whose weights are laid out anew, which fills tiles of packed layers and leaves a token for the narrow one.
    private const int PromptLength = 17, ShortPromptLength = Linear.BatchTokens, LongPromptLength = Linear.PackedTokens + 1;

    private const int Width = 32, VocabSize = 13;

    // Head sizes with the same remainder reach the same tiles of attention.
    private const int HeadPeriod = 64;

    // The smallest width of whole pairs of blocks whose rows are too long for the narrow tile, as bf16 too: wider ones reach the same tiles as this one and
    // what is left of theirs.
    private const int WidePeriod = DecodeTile.LongestNarrowRow / sizeof(ushort) + 2 * ElementTypes.BlockLength;

    // More bytes of rows than the narrow tile is given, and an odd number of rows, for all tiles of rows.
    private const int WideBytes = DecodeTile.MostNarrowBytes, WideRows = 16 + 3;

    private static int s_sharedStarted;

    /// <summary>Starts <see cref="RunShared"/> on a thread of its own, which ends by itself; the first call does, others have no need.</summary>
    public static void StartShared()
    {
        if (Interlocked.Exchange(ref s_sharedStarted, 1) == 0)
            Start(RunShared);
    }

    /// <summary>Starts <see cref="Run"/> on a thread of its own, which ends by itself.</summary>
    /// <param name="weights">The model that will run; only its config and types are read, and before this returns.</param>
    public static void Start(GptWeights weights)
    {
        var types = new MatrixTypes(
            weights.TokenEmbedding.Type, weights.PositionEmbedding?.Type ?? ElementType.F32, weights.Head.Matrix.Type, weights.Blocks[0].Qkv.Matrix.Type);
        GptConfig config = weights.Config;
        Start(() => Run(config, types));
    }

#pragma warning disable CA1031 // nothing depends on it: whatever fails here fails again in the first call, which reports it
    private static void Start(Action run)
    {
        if (Environment.ProcessorCount == 1)
            return;   // it would only delay what it is to hasten
        try
        {
            new Thread(() => Try(run), maxStackSize: 1 << 20) { IsBackground = true, Name = "MyGpt warm-up" }.Start();
        }
        catch (Exception)
        {
        }
    }

    private static void Try(Action run)
    {
        try
        {
            run();
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031

    /// <summary>Does what every model's first token needs, whatever the model: attention over a float32 cache, and the choice of a token.</summary>
    internal static void RunShared()
    {
        var config = new GptConfig
        {
            VocabSize = VocabSize, ContextLength = 2 * PromptLength, EmbeddingDim = Width, LayerCount = 1, HeadCount = 2, KvHeadCount = 2,
            HeadDim = HeadPeriod, MlpDim = Width, Activation = ActivationKind.GeluTanh,
        };
        using var activations = new Activations(config, threads: 1);
        using var cache = new KvCache(config);
        var batch = new TokenBatch();
        foreach (int tokens in (int[])[PromptLength, 1])
        {
            batch.Clear();
            batch.Add(cache, new int[tokens]);
            var chunk = new BatchChunk(batch, activations.ChunkLength);
            long positions = chunk.Place(activations.Rows);
            CachedAttention.Store(activations, chunk, layer: 0);
            CachedAttention.Attend(activations, chunk, positions, layer: 0);
        }
        foreach ((float temperature, int topK) in ((float, int)[])[(0, 0), (0.5f, Width / 2 + 1)])   // whole vectors are drawn from, and a tail
        {
            float[] logits = new float[2 * Width];
            for (int i = 0; i < logits.Length; i++)
                logits[i] = i;   // all different, or the k-th largest would be found without a search
            SamplerPipeline.Create(temperature, topK).Sample(logits, new RandomSource(seed: 1));
        }
    }

    /// <summary>Runs a model of the same variants and types, but small, and layers as wide as its own.</summary>
    /// <param name="config">The model's sizes and variants.</param>
    /// <param name="types">The types of its matrices.</param>
    internal static void Run(GptConfig config, MatrixTypes types)
    {
        RunSmall(Shrink(config), types);
        RunWide(config, types);
    }

    private static void RunSmall(GptConfig config, MatrixTypes types)
    {
        // Every tensor is the same memory, as long as the largest.
        using var zeros = new NativeBuffer(TensorSpec.For(config).Max(spec => (long)spec.Rows * spec.Columns));
        using var activations = new Activations(config, threads: 1);
        using var cache = new KvCache(config);
        var gpt = new Gpt(config, GptWeights.Load(config, spec => new TensorView(
            spec.Name, types.Of(spec), SectionLayout.Rows, spec.Rows, spec.Columns, (byte*)zeros.Data)));
        var batch = new TokenBatch();
        foreach (int tokens in (int[])[PromptLength, 1, ShortPromptLength, LongPromptLength])
        {
            batch.Clear();
            batch.Add(cache, new int[tokens], LogitRows.Last);
            gpt.Forward(batch, activations);
        }
    }

    // Which tile reads a single token's rows depends on their bytes, of one and of all: rows of every width the model has, and more than the narrow tile takes.
    private static void RunWide(GptConfig config, MatrixTypes types)
    {
        int embeddingDim = Narrow(config.EmbeddingDim), attentionDim = Narrow(config.AttentionDim), mlpDim = Narrow(config.MlpDim);
        int widest = Math.Max(embeddingDim, Math.Max(attentionDim, mlpDim));
        (ElementType Type, int Columns)[] layers =
            [(types.Block, embeddingDim), (types.Block, attentionDim), (types.Block, mlpDim), (types.Head, embeddingDim)];
        using var zeros = new NativeBuffer(layers.Max(layer => Rows(layer.Type, layer.Columns) * layer.Type.RowBytes(layer.Columns)) / sizeof(float) + 1);
        using var output = new NativeBuffer(layers.Max(layer => Rows(layer.Type, layer.Columns)));
        using var activations = new Activations(Shrink(config) with { EmbeddingDim = widest }, threads: 1);
        foreach ((ElementType type, int columns) in layers)
        {
            var matrix = new TensorView("", type, SectionLayout.Rows, Rows(type, columns), columns, (byte*)zeros.Data);
            Linear.Apply(activations, new LinearWeights(matrix, Bias: null), activations.Normed, tokens: 1, output.Data);
        }

        static int Rows(ElementType type, int columns) => WideBytes / (int)type.RowBytes(columns) + WideRows;
    }

    private static int Narrow(int width) => width < WidePeriod ? width : WidePeriod + width % WidePeriod;

    /// <summary>The same variants with the smallest sizes; head groups stay groups.</summary>
    internal static GptConfig Shrink(GptConfig config)
    {
        bool grouped = config.KvHeadCount < config.HeadCount;
        return config with
        {
            VocabSize = VocabSize,
            ContextLength = 2 * LongPromptLength,
            EmbeddingDim = Width,
            LayerCount = 1,
            HeadCount = 2,
            KvHeadCount = grouped ? 1 : 2,
            HeadDim = Math.Min(config.HeadDim, HeadPeriod + config.HeadDim % HeadPeriod),
            MlpDim = Width + 3,
        };
    }

    /// <summary>Element types of a model's matrices.</summary>
    internal readonly record struct MatrixTypes(ElementType TokenEmbedding, ElementType PositionEmbedding, ElementType Head, ElementType Block)
    {
        /// <summary>The type of one tensor.</summary>
        public ElementType Of(TensorSpec spec) => !spec.IsMatrix ? ElementType.F32 : spec.Name switch
        {
            "token_embedding" => TokenEmbedding,
            "position_embedding" => PositionEmbedding,
            "head.weight" => Head,
            _ => Block,
        };
    }
}
