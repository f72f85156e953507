using System.Globalization;
using System.Text.RegularExpressions;
using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// What modules store beside their weights: causal masks, tables of angles, position numbers. None of it is a weight, and PyTorch saves it
/// with them. It is left out, and reported, when its name, its shape and its numbers say that it is what the runtime does by itself.
/// </summary>
internal sealed partial class Buffers
{
    private const string MaskedScore = "masked_bias";

    private static readonly string[] Masks = ["bias", "mask", "causal_mask", "attn_mask", "attention_mask", "tril", "triu", "_mask"];

    private static readonly string[] Angles =
        ["rope_cos", "rope_sin", "cos", "sin", "cos_cached", "sin_cached", "freqs_cos", "freqs_sin", "inv_freq"];

    private static readonly string[] PositionNumbers = ["position_ids", "pos_ids", "positions"];

    private readonly BufferReader _reader = new();
    private readonly List<string> _masks = [], _angles = [], _numbers = [];
    private int? _length;
    private BufferFindings _findings = new();

    /// <summary>Takes the buffers that are left when all weights are taken.</summary>
    /// <param name="state">What is left of the state dict.</param>
    /// <param name="contextLength">T_max where the position embedding shows it.</param>
    /// <param name="report">Gets a line for each kind.</param>
    /// <returns>What they say about the model.</returns>
    /// <exception cref="CheckpointException">
    /// A mask is not causal or contradicts the context length, positions are not counted from 0, or two tables of angles contradict each
    /// other.
    /// </exception>
    public static BufferFindings LeaveOut(StateDict state, int? contextLength, Report report)
    {
        var buffers = new Buffers { _length = contextLength };
        foreach (string name in state.LeftNames.ToArray())
        {
            if (buffers.IsBuffer(name, state.Peek(name)!))
                state.Take(name);
        }
        Report(buffers._masks, "mask", "the runtime attends causally by itself", report);
        Report(buffers._angles, "table", "angles of the rotary positions, which the runtime computes", report);
        Report(buffers._numbers, "buffer", "the numbers of the positions", report);
        return buffers._findings;
    }

    private bool IsBuffer(string name, StoredTensor tensor)
    {
        string last = name[(name.LastIndexOf('.') + 1)..];
        if (last == MaskedScore && tensor.Shape.Count == 0)
        {
            _masks.Add(name);
        }
        else if (Masks.Contains(last) && IsSquare(tensor.Shape))
        {
            CheckMask(tensor);
            _masks.Add(name);
        }
        else if (Angles.Contains(last) && tensor.Type.IsFloat() && tensor.Shape.Count > 0)
        {
            ReadAngles(last, tensor);
            _angles.Add(name);
        }
        else if (PositionNumbers.Contains(last) && tensor.Type == TensorType.Int64 && tensor.Squeeze(1).Shape.Count == 1)
        {
            CheckPositions(tensor.Squeeze(1));
            _numbers.Add(name);
        }
        else
        {
            return false;
        }
        return true;
    }

    // (..., T, T). A vector of this name would be a bias.
    private static bool IsSquare(IReadOnlyList<long> shape) =>
        shape.Count >= 2 && shape[^1] == shape[^2] && shape[^1] is >= 1 and <= int.MaxValue
        && shape.Take(shape.Count - 2).All(static size => size == 1);

    private void CheckMask(StoredTensor mask)
    {
        if (_length is { } length && mask.Shape[^1] != length)
        {
            string where = _findings.MaskLength is null ? "the position embedding has" : "an earlier one has";
            throw new CheckpointException($"the mask {Printable.Quote(mask.Name)} is of {mask.Shape[^1]} positions, but {where} {length}");
        }
        if (_reader.IsNew(mask))
            CausalMask.Check(mask, _reader.For(mask));
        _length = (int)mask.Shape[^1];
        _findings = _findings with { MaskLength = _length };
    }

    private void ReadAngles(string kind, StoredTensor tensor)
    {
        if (!_reader.IsNew(tensor))
            return;
        RotaryTable table = RotaryTable.Read(kind, tensor, _reader.For(tensor));
        _findings = _findings with { Rotary = RotaryTable.Combine(_findings.Rotary, table) };
    }

    private void CheckPositions(StoredTensor numbers)
    {
        if (!_reader.IsNew(numbers))
            return;
        _reader.For(numbers).Read(numbers, (_, column, tile) =>
        {
            for (int i = 0; i < tile.Length; i++)
            {
                if (tile[i] == column + i)
                    continue;
                throw new CheckpointException(string.Create(CultureInfo.InvariantCulture,
                    $"the buffer {Printable.Quote(numbers.Name)} has {tile[i]} for position {column + i}; positions from 0 on were needed"));
            }
        });
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
