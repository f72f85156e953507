using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Model;

/// <summary>
/// Scratch memory and worker threads of one session. Allocated once; a call of more tokens than fit runs in chunks. Not to be
/// used by two threads at a time.
/// </summary>
public sealed unsafe class Activations : IDisposable
{
    // Long prefills run in chunks so that what grows with the tokens stays under 16 MiB, inputs in the order of use included; a worker's own memory
    // (0.3 MB at 3072 columns, and attention's scores) comes on top. No chunk is longer than pays off.
    private const long MaxScratchBytes = 16_200_000;
    private const int MaxChunk = 512;

    private readonly NativeBuffer _scratch;
    private readonly NativeBuffer _rows;
    private NativeBuffer? _logits;
    private BatchMemory? _batch;
    private PackedScratch? _packed;
    private QuantizedScratch? _quantized;

    /// <summary>Allocates the scratch memory and starts the workers.</summary>
    /// <param name="config">The model's sizes.</param>
    /// <param name="threads">Threads that work on a call, the caller's included; results do not depend on it.</param>
    public Activations(GptConfig config, int threads)
        : this(config, threads, Environment.ProcessorCount)
    {
    }

    /// <summary>Allocates all working memory for a machine with so many processors: no more threads than that work at a time.</summary>
    internal Activations(GptConfig config, int threads, int processors)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        int c = config.EmbeddingDim;
        AttentionScratch = new AttentionScratch(config.ContextLength, config.HeadDim);

        // What a sub-layer reads and writes lies where another sub-layer's was; what the model has no use for takes no room.
        int gated = config.GatedMlp ? config.MlpDim : 0;
        int angles = config.Position switch
        {
            PositionKind.Learned => 0,
            PositionKind.RotaryPairs or PositionKind.RotaryHalves => 2 * config.HeadDim,
        };
        int subLayer = Math.Max(config.QkvDim + config.AttentionDim, config.MlpDim + gated);
        long perToken = c + c + subLayer + angles + InputTiles.TileFloats(WidestInput) / PackedTile.Tokens;
        long floats = MaxScratchBytes / sizeof(float), fitting = floats / perToken;
        if (fitting > BatchScratch.MostTokens)   // inputs are laid out in both orders, those of a batch and packed ones
            fitting = Math.Max(BatchScratch.MostTokens, (floats - BatchScratch.InputFloats(BatchScratch.MostTokens, WidestInput)) / perToken);
        ChunkLength = (int)Math.Clamp(fitting, 1, Math.Min(MaxChunk, config.ContextLength));

        ReadOnlySpan<long> lengths =
        [
            (long)ChunkLength * c, (long)ChunkLength * c, (long)ChunkLength * subLayer, (long)ChunkLength * angles,
            checked(threads * AttentionScratch.Length),
        ];
        long total = 0;
        foreach (long length in lengths)
            total += Padded(length);
        _scratch = new NativeBuffer(total);
        float* next = _scratch.Data;
        Residual = Take(ref next, lengths[0]);
        Normed = Take(ref next, lengths[1]);
        Qkv = Take(ref next, lengths[2]);
        Angles = Take(ref next, lengths[3]);
        Scratch = next;
        Mixed = Qkv + (nint)ChunkLength * config.QkvDim;
        Gated = Qkv + (nint)ChunkLength * config.MlpDim;
        _rows = new NativeBuffer((long)ChunkLength * sizeof(AttentionRow) / sizeof(float));
        Partition = new RowPartition(threads, processors);
    }

    /// <summary>Threads that work on a call, the caller's included.</summary>
    public int Threads => Partition.Threads;

    /// <summary>
    /// Sees the output of every operation of a <see cref="Gpt.Forward"/> with these activations, one after the other, on the caller's thread;
    /// null, the usual, costs nothing. Results do not depend on it.
    /// </summary>
    /// <remarks>
    /// Rows are in the order of the batch. A long call runs in chunks, and each chunk shows all its operations: appending an operation's rows to those
    /// seen before gives the whole. An exception of the observer leaves <see cref="Gpt.Forward"/> half done: the caches of the batch are to be truncated
    /// or disposed of then.
    /// </remarks>
    public Action<OperationOutput>? Observer { get; set; }

    internal GptConfig Config { get; }

    internal RowPartition Partition { get; }

    /// <summary>Most tokens that run at a time.</summary>
    internal int ChunkLength { get; }

    /// <summary>Residual stream, (T, C).</summary>
    internal float* Residual { get; }

    /// <summary>The residual stream after a norm, (T, C).</summary>
    internal float* Normed { get; }

    /// <summary>Queries, keys and values, (T, (NH + 2 NKV) * HS).</summary>
    internal float* Qkv { get; }

    /// <summary>Attention's heads side by side, (T, NH * HS).</summary>
    internal float* Mixed { get; }

    /// <summary>A sub-layer's output before it joins the residual stream, (T, C): where the sub-layer's norm was, which nobody reads any more.</summary>
    internal float* Projected => Normed;

    /// <summary>MLP hidden, (T, F): where queries, keys and values were.</summary>
    internal float* Hidden => Qkv;

    /// <summary>What a gate multiplies, (T, F).</summary>
    internal float* Gated { get; }

    /// <summary>Cosines and sines of each token's position, (T, 2, HS).</summary>
    internal float* Angles { get; }

    /// <summary>Attention's working memory, (threads, AttentionScratch.Length).</summary>
    internal float* Scratch { get; }

    /// <summary>How attention's working memory lies.</summary>
    internal AttentionScratch AttentionScratch { get; }

    /// <summary>Where each token of the chunk finds its past, (T).</summary>
    internal AttentionRow* Rows => (AttentionRow*)_rows.Data;

    /// <summary>Scratch of layers over a few tokens.</summary>
    internal BatchMemory Batch => _batch ??= new BatchMemory(WidestInput, ChunkLength, Threads);

    /// <summary>Scratch of layers over many tokens.</summary>
    internal PackedScratch Packed => _packed ??= new PackedScratch(WidestInput, ChunkLength, Threads);

    /// <summary>Scratch of layers with quantised weights.</summary>
    internal QuantizedScratch Quantized => _quantized ??= new QuantizedScratch(WidestInput, ChunkLength, Threads);

    private int WidestInput => Math.Max(Config.EmbeddingDim, Math.Max(Config.AttentionDim, Config.MlpDim));

    /// <summary>Shows an operation's output to the observer, if there is one.</summary>
    /// <param name="operation">What was computed.</param>
    /// <param name="layer">The block, or null outside of blocks.</param>
    /// <param name="values">The output, (rows, its width).</param>
    /// <param name="rows">Tokens.</param>
    internal void Show(ForwardOperation operation, int? layer, float* values, int rows)
    {
        if (Observer is not { } observer)
            return;
        OperationSpec spec = OperationSpec.Of(Config, operation, layer);
        observer(new OperationOutput(spec, new ReadOnlySpan<float>(values, checked(rows * spec.Width))));
    }

    /// <summary>Room for logits, (rows, V).</summary>
    internal float* Logits(int rows, int vocabSize)
    {
        long needed = (long)rows * vocabSize;
        if (_logits is null || _logits.Length < needed)
        {
            _logits?.Dispose();
            _logits = new NativeBuffer(needed);
        }
        return _logits.Data;
    }

    /// <summary>Makes the room for so many rows of logits now rather than in the call that needs them; those of an earlier call are lost.</summary>
    internal void ReserveLogits(int rows, int vocabSize) => Logits(rows, vocabSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        Partition.Dispose();
        _scratch.Dispose();
        _rows.Dispose();
        _logits?.Dispose();
        _batch?.Dispose();
        _packed?.Dispose();
        _quantized?.Dispose();
    }

    private static float* Take(ref float* next, long length)
    {
        float* part = next;
        next += Padded(length);
        return part;
    }

    private static long Padded(long floats) => (floats + 15) / 16 * 16;   // parts begin on cache lines
}
