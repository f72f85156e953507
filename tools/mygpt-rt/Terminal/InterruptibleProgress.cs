using MyGpt.Checkpoints;

namespace MyGpt.CommandLine.Terminal;

/// <summary>Passes on how far a conversion is, and ends it at the first piece after Ctrl-C.</summary>
/// <param name="inner">Told after each piece.</param>
/// <param name="interrupted">Ctrl-C.</param>
internal sealed class InterruptibleProgress(IProgress<ConversionProgress> inner, CancellationToken interrupted) : IProgress<ConversionProgress>
{
    /// <inheritdoc/>
    /// <exception cref="OperationCanceledException">Ctrl-C came.</exception>
    public void Report(ConversionProgress value)
    {
        interrupted.ThrowIfCancellationRequested();
        inner.Report(value);
    }
}
