using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints;

/// <summary>What a line of a report is about.</summary>
public enum ReportKind
{
    /// <summary>Read from the checkpoint.</summary>
    Found,

    /// <summary>Not in the checkpoint; the line says what was taken instead and why.</summary>
    Assumed,

    /// <summary>In the checkpoint and deliberately not converted.</summary>
    LeftOut,

    /// <summary>
    /// A tensor of the checkpoint and what it became in weights.bin: <c>FOUND -> BECAME</c>, with N for the layer where layers are alike.
    /// </summary>
    Placed,

    /// <summary>The user should know before relying on the result.</summary>
    Warning,
}

/// <summary>One line of a report, ready to print.</summary>
/// <param name="Kind">What it is about.</param>
/// <param name="Text">One line without a trailing period; no control characters.</param>
public sealed record ReportLine(ReportKind Kind, string Text);

/// <summary>What a conversion did.</summary>
public sealed class ConversionReport
{
    /// <summary>How the checkpoint is packed, such as <c>PyTorch zip</c>.</summary>
    public required string Container { get; init; }

    /// <summary>Which code wrote it, such as <c>nanoGPT</c>.</summary>
    public required string Family { get; init; }

    /// <summary>Sizes and variants of the model.</summary>
    public required GptConfig Config { get; init; }

    /// <summary>Type of the matrices in the weights file.</summary>
    public required ElementType MatrixType { get; init; }

    /// <summary>Number of parameters; a tied head counts once.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>The weights file as it was given.</summary>
    public required string WeightsPath { get; init; }

    /// <summary>Everything found, assumed, left out or worth a warning, in the order in which it came up.</summary>
    public required IReadOnlyList<ReportLine> Lines { get; init; }
}
