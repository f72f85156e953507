using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints;

/// <summary>One tensor of a checkpoint.</summary>
/// <param name="Name">Its name in the checkpoint.</param>
/// <param name="Type">Its element type as PyTorch spells it, such as <c>float32</c>.</param>
/// <param name="Shape">Its sizes, outermost first; empty for a single number.</param>
public sealed record CheckpointTensor(string Name, string Type, IReadOnlyList<long> Shape);

/// <summary>What is in a checkpoint, without converting it.</summary>
public sealed class CheckpointDescription
{
    /// <summary>How the checkpoint is packed, such as <c>PyTorch zip</c>.</summary>
    public required string Container { get; init; }

    /// <summary>Size in bytes of the file, or of all its files together; of the file that a link leads to.</summary>
    public required long FileBytes { get; init; }

    /// <summary>Which code wrote it, such as <c>nanoGPT</c>; null when no family recognises it.</summary>
    public required string? Family { get; init; }

    /// <summary>Sizes and variants of the model; null when something is missing, which a warning then names.</summary>
    public required GptConfig? Config { get; init; }

    /// <summary>The option that a conversion needs first, as the command line spells it, such as <c>--heads</c>; null when none is missing.</summary>
    public required string? MissingOption { get; init; }

    /// <summary>The tensors of the model's state dict in file order, masks included.</summary>
    public required IReadOnlyList<CheckpointTensor> Tensors { get; init; }

    /// <summary>Everything found, assumed, left out or worth a warning, in the order in which it came up.</summary>
    public required IReadOnlyList<ReportLine> Lines { get; init; }
}
