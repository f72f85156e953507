using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime;

/// <summary>
/// Runs a model of the same variants and weight types, but a few rows wide, while the vocabulary is read: kernels are compiled when they
/// are first called, fully optimised, and that takes longer than the first token of a small model.
/// </summary>
internal static unsafe class KernelWarmUp
{
    // A short prompt, long enough for the tiles of many tokens.
    private const int PromptLength = 16, Width = 32, VocabSize = 13;

    // Head sizes with the same remainder reach the same tiles of attention.
    private const int HeadPeriod = 64;

    /// <summary>Starts it on a thread of its own, which ends by itself.</summary>
    /// <param name="weights">The model that will run; only its config and types are read, and before this returns.</param>
    public static void Start(GptWeights weights)
    {
        if (Environment.ProcessorCount == 1)
            return;   // it would only delay what it is to hasten
        var types = new MatrixTypes(
            weights.TokenEmbedding.Type, weights.PositionEmbedding?.Type ?? ElementType.F32, weights.Head.Matrix.Type, weights.Blocks[0].Qkv.Matrix.Type);
        GptConfig small = Shrink(weights.Config);
#pragma warning disable CA1031 // nothing depends on it: whatever fails here fails again in the first call, which reports it
        try
        {
            new Thread(() => TryRun(small, types), maxStackSize: 1 << 20) { IsBackground = true, Name = "MyGpt warm-up" }.Start();
        }
        catch (Exception)
        {
        }
    }

    private static void TryRun(GptConfig config, MatrixTypes types)
    {
        try
        {
            Run(config, types);
        }
        catch (Exception)
        {
        }
    }
#pragma warning restore CA1031

    /// <summary>Runs a prompt and one more token through a model of zeros.</summary>
    internal static void Run(GptConfig config, MatrixTypes types)
    {
        // Every tensor is the same memory, as long as the largest.
        using var zeros = new NativeBuffer(TensorSpec.For(config).Max(spec => (long)spec.Rows * spec.Columns));
        using var activations = new Activations(config, threads: 1);
        using var cache = new KvCache(config);
        var gpt = new Gpt(config, GptWeights.Load(config, spec => new TensorView(
            spec.Name, types.Of(spec), SectionLayout.Rows, spec.Rows, spec.Columns, (byte*)zeros.Data)));
        var batch = new TokenBatch();
        batch.Add(cache, new int[PromptLength], LogitRows.Last);
        gpt.Forward(batch, activations);
        batch.Clear();
        batch.Add(cache, new int[1], LogitRows.Last);
        gpt.Forward(batch, activations);
    }

    /// <summary>The same variants with the smallest sizes; head groups stay groups.</summary>
    internal static GptConfig Shrink(GptConfig config)
    {
        bool grouped = config.KvHeadCount < config.HeadCount;
        return config with
        {
            VocabSize = VocabSize,
            ContextLength = 2 * PromptLength,
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
