using System.Text.RegularExpressions;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What modules store beside their weights: causal masks, tables of angles, position numbers. None of it is a weight, and PyTorch saves it
/// with them. Names and shapes tell; it is left out, and reported.
/// </summary>
internal static partial class Buffers
{
    private static readonly string[] Masks = ["bias", "mask", "masked_bias", "causal_mask", "attn_mask", "attention_mask", "tril", "_mask"];

    private static readonly string[] Angles =
        ["rope_cos", "rope_sin", "cos", "sin", "cos_cached", "sin_cached", "freqs_cos", "freqs_sin", "inv_freq"];

    private static readonly string[] PositionNumbers = ["position_ids", "pos_ids", "positions"];

    /// <summary>Takes the buffers that are left when all weights are taken.</summary>
    /// <param name="state">What is left of the state dict.</param>
    /// <param name="contextLength">T_max where the position embedding shows it.</param>
    /// <param name="report">Gets a line for each kind.</param>
    /// <returns>What they say about the model.</returns>
    /// <exception cref="CheckpointException">A mask contradicts the context length, or two tables of angles each other.</exception>
    public static BufferFindings LeaveOut(StateDict state, int? contextLength, Report report)
    {
        var findings = new BufferFindings();
        var masks = new List<string>();
        var angles = new List<string>();
        var numbers = new List<string>();
        foreach (string name in state.LeftNames.ToArray())
        {
            StoredTensor tensor = state.Peek(name)!;
            string last = name[(name.LastIndexOf('.') + 1)..];
            if (Masks.Contains(last) && IsMask(tensor.Shape))
            {
                masks.Add(name);
                if (tensor.Shape.Count >= 2)
                    findings = findings with { MaskLength = CheckMask(tensor, contextLength) };
            }
            else if (Angles.Contains(last) && tensor.Type.IsFloat() && tensor.Shape.Count is 1 or 2)
            {
                angles.Add(name);
                findings = findings with { Rotary = RotaryTable.Combine(findings.Rotary, RotaryTable.Read(last, tensor)) };
            }
            else if (PositionNumbers.Contains(last) && tensor.Type == TensorType.Int64)
            {
                numbers.Add(name);
            }
            else
            {
                continue;
            }
            state.Take(name);
        }
        Report(masks, "mask", "the runtime attends causally by itself", report);
        Report(angles, "table", "angles of the rotary positions, which the runtime computes", report);
        Report(numbers, "buffer", "the numbers of the positions", report);
        return findings;
    }

    // (..., T, T), or the single number that masked positions get. A vector of this name would be a bias.
    private static bool IsMask(IReadOnlyList<long> shape) =>
        shape.Count == 0 || (shape.Count >= 2 && shape[^1] == shape[^2] && shape.Take(shape.Count - 2).All(static size => size == 1));

    private static int CheckMask(StoredTensor mask, int? contextLength)
    {
        if (contextLength is { } length && mask.Shape[^1] != length)
        {
            throw new CheckpointException($"the mask {Printable.Quote(mask.Name)} is of {mask.Shape[^1]} positions, "
                + $"but the position embedding has {length}");
        }
        return (int)Math.Min(int.MaxValue, mask.Shape[^1]);
    }

    private static void Report(List<string> names, string noun, string why, Report report)
    {
        foreach (IGrouping<string, string> alike in names.GroupBy(name => Number().Replace(name, ".N.")))
            report.LeftOut($"{Printable.Count(alike.Count(), noun)} ({Printable.Escape(alike.Key)}): {why}");
    }

    [GeneratedRegex(@"\.[0-9]+\.", RegexOptions.CultureInvariant)]
    private static partial Regex Number();
}

/// <summary>What a checkpoint's buffers say about its model.</summary>
internal sealed record BufferFindings
{
    /// <summary>T_max by the masks; null when there are none.</summary>
    public int? MaskLength { get; init; }

    /// <summary>The rotary positions by their tables; null when there are none.</summary>
    public RotaryTable? Rotary { get; init; }
}
