using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Model;

/// <summary>What linear layers over a few tokens need beside the activations: one layer's input in the order of use, and 12 KB for each worker.</summary>
/// <remarks>Made when the first such layer runs: decoding one sequence, or a model whose weights are all quantised, takes no memory for it.</remarks>
internal sealed unsafe class BatchMemory : IDisposable
{
    private readonly NativeBuffer _inputs, _workers;

    /// <summary>Allocates the memory.</summary>
    /// <param name="columns">Inputs of the widest layer.</param>
    /// <param name="tokens">Most tokens that run at a time.</param>
    /// <param name="threads">Number of workers.</param>
    public BatchMemory(int columns, int tokens, int threads)
    {
        _inputs = new NativeBuffer(BatchScratch.InputFloats(Math.Min(tokens, BatchScratch.MostTokens), columns));
        _workers = new NativeBuffer((long)BatchScratch.WorkerFloats * threads);
        Scratch = new BatchScratch(_inputs.Data, _workers.Data);
    }

    /// <summary>The memory, as kernels take it.</summary>
    public BatchScratch Scratch { get; }

    public void Dispose()
    {
        _inputs.Dispose();
        _workers.Dispose();
    }
}
