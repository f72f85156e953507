using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>Writes checkpoint tensors as weights.bin stores them, in one pass and with buffers of fixed size.</summary>
/// <param name="allowNonFinite">Whether NaN and infinite weights pass.</param>
/// <param name="written">Told how many bytes each piece has, once it is written.</param>
internal sealed class TensorWriter(bool allowNonFinite, Action<int> written)
{
    private readonly RowReader _reader = new();
    private BlockWriter? _blocks;
    private ushort[] _narrow = [];

    /// <summary>Writes all elements in row-major order.</summary>
    /// <param name="source">What to write.</param>
    /// <param name="type">One of those that <see cref="ElementTypes.IsWeight"/>; all but float32 round.</param>
    /// <param name="output">Where to.</param>
    /// <exception cref="CheckpointException">An element is not finite and that is not allowed.</exception>
    /// <exception cref="IOException">The checkpoint cannot be read, or the output not written.</exception>
    public void Write(TensorSource source, ElementType type, Stream output)
    {
        foreach (StoredTensor part in source.Parts)
        {
            _reader.Read(part, (row, column, numbers) =>
            {
                if (!allowNonFinite && NonFiniteWeights.Find(part, row, column, numbers, type) is { } problem)
                    throw new CheckpointException($"{problem}; a weight must be finite (--allow-nonfinite writes it anyway)");
                long columns = part.Shape[^1];
                int width = (int)Math.Min(numbers.Length, columns - column);
                switch (type)
                {
                    case ElementType.F32: Write(MemoryMarshal.AsBytes(numbers), output); break;
                    case ElementType.Bf16: Write(MemoryMarshal.AsBytes(Narrow(numbers)), output); break;
                    case ElementType.Q8: Blocks.Write<Q8Quantizer>(numbers, width, column + width == columns, output, written); break;
                    case ElementType.Q4: Blocks.Write<Q4Quantizer>(numbers, width, column + width == columns, output, written); break;
                    case ElementType.U32 or ElementType.U8: throw new ArgumentException($"{type.Code()} is no type for weights.", nameof(type));
                }
            });
        }
    }

    private BlockWriter Blocks => _blocks ??= new BlockWriter();

    private void Write(ReadOnlySpan<byte> bytes, Stream output)
    {
        output.Write(bytes);
        written(bytes.Length);
    }

    private ReadOnlySpan<ushort> Narrow(ReadOnlySpan<float> numbers)
    {
        if (_narrow.Length < numbers.Length)
            _narrow = new ushort[numbers.Length];
        Span<ushort> narrow = _narrow.AsSpan(0, numbers.Length);
        FloatConversion.ToBf16(numbers, narrow);
        return narrow;
    }
}
