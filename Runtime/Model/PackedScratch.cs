using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Model;

/// <summary>What linear layers over many tokens need beside the activations: one layer's input in the order of use, and a panel per worker.</summary>
/// <remarks>Made when the first such layer runs: calls of fewer than <see cref="Linear.PackedTokens"/> tokens, and models whose weights are all quantised, take no memory for it.</remarks>
internal sealed unsafe class PackedScratch : IDisposable
{
    private readonly NativeBuffer _inputs, _workers;

    /// <summary>Allocates the memory.</summary>
    /// <param name="columns">Inputs of the widest layer.</param>
    /// <param name="tokens">Most tokens that run at a time.</param>
    /// <param name="threads">Number of workers.</param>
    public PackedScratch(int columns, int tokens, int threads)
    {
        _inputs = new NativeBuffer(InputTiles.Floats(tokens, columns));
        long workerFloats = MatMulScratch.WorkerFloats(columns);
        _workers = new NativeBuffer(checked(workerFloats * threads));
        Memory = new MatMulScratch(_inputs.Data, _workers.Data, workerFloats);
    }

    /// <summary>The memory, as kernels take it.</summary>
    public MatMulScratch Memory { get; }

    public void Dispose()
    {
        _inputs.Dispose();
        _workers.Dispose();
    }
}
