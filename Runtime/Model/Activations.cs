using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Model;

/// <summary>
/// Scratch memory and worker threads of one session. Allocated once; a call of more tokens than fit runs in chunks. Not to be
/// used by two threads at a time.
/// </summary>
public sealed unsafe class Activations : IDisposable
{
    // Long prefills run in chunks so that scratch stays under this, and no chunk is longer than pays off.
    private const long MaxScratchBytes = 14L << 20;
    private const int MaxChunk = 512;

    private readonly NativeBuffer _scratch;
    private readonly NativeBuffer _rows;
    private readonly float*[] _parts = new float*[9];
    private NativeBuffer? _logits;
    private QuantizedScratch? _quantized;

    /// <summary>Allocates the scratch memory and starts the workers.</summary>
    /// <param name="config">The model's sizes.</param>
    /// <param name="threads">Threads that work on a call, the caller's included; results do not depend on it.</param>
    public Activations(GptConfig config, int threads)
    {
        ArgumentNullException.ThrowIfNull(config);
        Config = config;
        int c = config.EmbeddingDim;
        AttentionScratch = new AttentionScratch(config.ContextLength, config.HeadDim);

        // The last part is attention's, for each thread, the others (T, ...); what the model has no use for takes no room.
        int gated = config.GatedMlp ? config.MlpDim : 0;
        int angles = config.Position switch
        {
            PositionKind.Learned => 0,
            PositionKind.RotaryPairs or PositionKind.RotaryHalves => 2 * config.HeadDim,
        };
        ReadOnlySpan<int> widths = [c, c, config.QkvDim, config.AttentionDim, c, config.MlpDim, gated, angles];
        long perToken = 0;
        foreach (int width in widths)
            perToken += width;
        ChunkLength = (int)Math.Clamp(MaxScratchBytes / sizeof(float) / perToken, 1, Math.Min(MaxChunk, config.ContextLength));

        long total = 0;
        foreach (int width in widths)
            total += Padded((long)width * ChunkLength);
        _scratch = new NativeBuffer(checked(total + threads * AttentionScratch.Length));
        float* next = _scratch.Data;
        for (int i = 0; i < widths.Length; i++)
        {
            _parts[i] = next;
            next += Padded((long)widths[i] * ChunkLength);
        }
        _parts[^1] = next;
        _rows = new NativeBuffer((long)ChunkLength * sizeof(AttentionRow) / sizeof(float));
        Partition = new RowPartition(threads);
    }

    /// <summary>Threads that work on a call, the caller's included.</summary>
    public int Threads => Partition.Threads;

    internal GptConfig Config { get; }

    internal RowPartition Partition { get; }

    /// <summary>Most tokens that run at a time.</summary>
    internal int ChunkLength { get; }

    /// <summary>Residual stream, (T, C).</summary>
    internal float* Residual => _parts[0];

    /// <summary>The residual stream after a norm, (T, C).</summary>
    internal float* Normed => _parts[1];

    /// <summary>Queries, keys and values, (T, (NH + 2 NKV) * HS).</summary>
    internal float* Qkv => _parts[2];

    /// <summary>Attention's heads side by side, (T, NH * HS).</summary>
    internal float* Mixed => _parts[3];

    /// <summary>A sub-layer's output before it joins the residual stream, (T, C).</summary>
    internal float* Projected => _parts[4];

    /// <summary>MLP hidden, (T, F).</summary>
    internal float* Hidden => _parts[5];

    /// <summary>What a gate multiplies, (T, F).</summary>
    internal float* Gated => _parts[6];

    /// <summary>Cosines and sines of each token's position, (T, 2, HS).</summary>
    internal float* Angles => _parts[7];

    /// <summary>Attention's working memory, (threads, AttentionScratch.Length).</summary>
    internal float* Scratch => _parts[8];

    /// <summary>How attention's working memory lies.</summary>
    internal AttentionScratch AttentionScratch { get; }

    /// <summary>Where each token of the chunk finds its past, (T).</summary>
    internal AttentionRow* Rows => (AttentionRow*)_rows.Data;

    /// <summary>Scratch of layers with quantised weights.</summary>
    internal QuantizedScratch Quantized => _quantized ??=
        new QuantizedScratch(Math.Max(Config.EmbeddingDim, Math.Max(Config.AttentionDim, Config.MlpDim)), ChunkLength, Threads);

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

    /// <inheritdoc/>
    public void Dispose()
    {
        Partition.Dispose();
        _scratch.Dispose();
        _rows.Dispose();
        _logits?.Dispose();
        _quantized?.Dispose();
    }

    private static long Padded(long floats) => (floats + 15) / 16 * 16;   // parts begin on cache lines
}
