using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>A tensor of a weights.bin as the converter reads tensors.</summary>
internal static class SectionTensor
{
    /// <summary>Makes a section readable; quantised ones as the float32 numbers that they stand for.</summary>
    /// <param name="section">A section of a type that <see cref="ElementTypes.IsWeight"/>, with 1 or more columns.</param>
    /// <param name="bytes">Its bytes.</param>
    public static StoredTensor Open(SectionInfo section, TensorStorage bytes)
    {
        long columns = section.Shape[^1];
        (TensorStorage storage, TensorType type) = section.Type switch
        {
            ElementType.F32 => (bytes, TensorType.Float32),
            ElementType.Bf16 => (bytes, TensorType.BFloat16),
            ElementType.Q8 => (new BlockRows<Q8Quantizer>(bytes, columns), TensorType.Float32),
            ElementType.Q4 => (new BlockRows<Q4Quantizer>(bytes, columns), TensorType.Float32),
            ElementType.U32 or ElementType.U8 => throw new ArgumentException($"section '{section.Name}' is no tensor.", nameof(section)),
        };
        return StoredTensor.Open(section.Name, new TensorValue
        {
            Storage = storage,
            Type = type,
            Offset = 0,
            Shape = [.. section.Shape],
            Strides = section.Shape.Count == 1 ? [1] : [columns, 1],
        });
    }
}
