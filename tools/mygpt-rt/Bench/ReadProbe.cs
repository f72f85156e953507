using System.Runtime.InteropServices;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Bench;

/// <summary>
/// How fast the machine streams as many bytes as a token reads: from ordinary memory, and from the mapped weights themselves. A model that
/// fits a cache is held against that cache.
/// </summary>
/// <remarks>
/// One stream a thread, and four a quarter of its share apart, as decoding reads: the better one is the limit. Neither uses software prefetch: prefetches
/// 256 bytes to 4 KB ahead and 512-bit loads were no faster with two threads of a Zen 4 and slower with one. Pages of 2 MB were: ordinary
/// memory reaches 28 and 33 GB/s in one stream, the mapped file, whose cache has large pages, 34 and 35. Hence both sources, and the better one counts.
/// </remarks>
internal sealed unsafe class ReadProbe : IDisposable
{
    private const long MostBytes = 512L << 20;     // beyond any cache that a core may use alone
    private const long BytesPerRun = 256L << 20;   // smaller buffers are read again and again

    private static volatile uint _sink;

    private readonly float* _memory;
    private readonly long _memoryLength;
    private readonly float* _weights;
    private readonly long _weightsLength;

    /// <summary>Allocates the memory to read, and reads no weights.</summary>
    /// <param name="bytes">How much; no more than 512 MB are read.</param>
    public ReadProbe(long bytes)
    {
        bytes = Math.Clamp(bytes, ReadLoop.Step * sizeof(float), MostBytes);
        _memoryLength = bytes / sizeof(float);
        _memory = (float*)NativeMemory.AlignedAlloc((nuint)bytes, 4096);
        for (long i = 0; i < _memoryLength; i += 1 << 18)
            new Span<float>(_memory + i, (int)Math.Min(1 << 18, _memoryLength - i)).Fill(1);
    }

    /// <summary>Allocates as much memory as a token of a model reads.</summary>
    /// <param name="weights">The model; its matrices must outlive the probe.</param>
    public ReadProbe(GptWeights weights)
        : this(ModelCost.BytesPerToken(weights))
    {
        byte* first = null, end = null;
        foreach (TensorView matrix in ModelCost.Multiplied(weights))
        {
            if (first == null || matrix.Data < first)
                first = matrix.Data;
            if (end == null || matrix.Data + ModelCost.Bytes(matrix) > end)
                end = matrix.Data + ModelCost.Bytes(matrix);
        }
        _weights = (float*)first;
        _weightsLength = Math.Min((end - first) / sizeof(float), _memoryLength);
    }

    /// <summary>Bytes per second from ordinary memory, in 10^9.</summary>
    /// <param name="threads">Threads that read at the same time, each its own part.</param>
    public double FromMemory(int threads) => Rate(_memory, _memoryLength, threads);

    /// <summary>Bytes per second from the mapped file, in 10^9; only where the probe was made with weights.</summary>
    /// <param name="threads">Threads that read at the same time, each its own part.</param>
    public double FromWeights(int threads) => Rate(_weights, _weightsLength, threads);

    public void Dispose() => NativeMemory.AlignedFree(_memory);

    private static double Rate(float* data, long length, int threads) =>
        Math.Max(Rate(data, length, threads, &ReadLoop.InOrder), Rate(data, length, threads, &ReadLoop.InQuarters));

    private static double Rate(float* data, long length, int threads, delegate*<uint*, long, uint> read)
    {
        int parts = (int)Math.Clamp(length / ReadLoop.Step, 1, threads);
        long each = length / parts / ReadLoop.Step * ReadLoop.Step, sweeps = Math.Max(1, BytesPerRun / sizeof(float) / length);
        nint start = (nint)data;
        double seconds = ThreadGroup.Seconds(parts, part =>
        {
            for (long sweep = 0; sweep < sweeps; sweep++)
                _sink = read((uint*)start + part * each, each);
        });
        return (double)each * sizeof(float) * parts * sweeps / seconds / 1e9;
    }
}
