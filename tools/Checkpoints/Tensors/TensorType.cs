namespace MyGpt.Checkpoints.Tensors;

/// <summary>Element types that checkpoints have.</summary>
internal enum TensorType
{
    Float32,
    Float16,
    BFloat16,
    Float64,
    Int8,
    UInt8,
    Int16,
    Int32,
    Int64,
    Bool,
}

/// <summary>What an element type is.</summary>
internal static class TensorTypes
{
    /// <summary>Size of one element in bytes.</summary>
    public static int Size(this TensorType type) => type switch
    {
        TensorType.Float64 or TensorType.Int64 => 8,
        TensorType.Float32 or TensorType.Int32 => 4,
        TensorType.Float16 or TensorType.BFloat16 or TensorType.Int16 => 2,
        TensorType.Int8 or TensorType.UInt8 or TensorType.Bool => 1,
    };

    /// <summary>Whether a weight may have this type.</summary>
    public static bool IsFloat(this TensorType type) =>
        type is TensorType.Float32 or TensorType.Float16 or TensorType.BFloat16 or TensorType.Float64;

    /// <summary>PyTorch's name of the type, such as <c>float32</c>.</summary>
    public static string Name(this TensorType type) => type.ToString().ToLowerInvariant();
}
