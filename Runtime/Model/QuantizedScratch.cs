using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Model;

/// <summary>What linear layers with quantised weights need beside the activations: one layer's input as integers, and room for each worker to unpack some rows.</summary>
/// <remarks>Made when the first such layer runs: a model without any takes no memory for it.</remarks>
internal sealed unsafe class QuantizedScratch : IDisposable
{
    private readonly NativeBuffer _words, _factors, _panels;
    private readonly int _panelLength;

    /// <summary>Allocates the memory.</summary>
    /// <param name="columns">Inputs of the widest layer.</param>
    /// <param name="tokens">Most tokens that run at a time.</param>
    /// <param name="threads">Number of workers.</param>
    public QuantizedScratch(int columns, int tokens, int threads)
    {
        _words = new NativeBuffer(checked((long)QuantizedInput.StrideOf((nuint)columns) * tokens * sizeof(short) / sizeof(float)));
        _factors = new NativeBuffer(tokens);
        _panelLength = checked((int)BlockPanel.MemoryOf((nuint)columns));
        _panels = new NativeBuffer((long)_panelLength * threads);
    }

    /// <summary>Unpacked rows, <see cref="BlockPanel.UnpackedRows"/> for each worker, (threads, <see cref="PanelLength"/>).</summary>
    public float* Panels => _panels.Data;

    /// <summary>Floats of one worker's panels.</summary>
    public nuint PanelLength => (nuint)_panelLength;

    /// <summary>Room for the input of a layer.</summary>
    /// <param name="columns">Its width.</param>
    public QuantizedInput Input(int columns) => new()
    {
        Words = (short*)_words.Data,
        Factors = _factors.Data,
        Stride = QuantizedInput.StrideOf((nuint)columns),
    };

    public void Dispose()
    {
        _words.Dispose();
        _factors.Dispose();
        _panels.Dispose();
    }
}
