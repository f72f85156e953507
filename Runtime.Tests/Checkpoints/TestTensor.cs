using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>A tensor of a checkpoint that a test writes. Tensors with the same <see cref="Data"/> array share a storage.</summary>
internal sealed record TestTensor
{
    private readonly long[]? _strides;
    private readonly long? _declaredCount;

    /// <summary>PyTorch's class of the storage, which says what the elements are.</summary>
    public string Storage { get; init; } = "FloatStorage";

    /// <summary>The storage's bytes.</summary>
    public required byte[] Data { get; init; }

    public required long[] Shape { get; init; }

    /// <summary>Row-major unless set.</summary>
    public long[] Strides
    {
        get => _strides ?? RowMajor(Shape);
        init => _strides = value;
    }

    public long Offset { get; init; }

    /// <summary>The number of elements that the pickle says the storage has; the truth unless set.</summary>
    public long DeclaredCount
    {
        get => _declaredCount ?? (Data.Length / ElementSize);
        init => _declaredCount = value;
    }

    private int ElementSize => Storage switch
    {
        "DoubleStorage" or "LongStorage" => 8,
        "FloatStorage" => 4,
        "HalfStorage" or "BFloat16Storage" => 2,
        _ => 1,
    };

    /// <summary>A float32 tensor.</summary>
    public static TestTensor Of(float[] values, params long[] shape) =>
        new() { Data = MemoryMarshal.AsBytes(values.AsSpan()).ToArray(), Shape = shape };

    /// <summary>A float32 tensor of numbers between -1 and 1 that depend on the seed.</summary>
    public static TestTensor Random(int seed, params long[] shape)
    {
        var random = new Random(seed);
        float[] values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int i = 0; i < values.Length; i++)
            values[i] = (random.NextSingle() * 2) - 1;
        return Of(values, shape);
    }

    private static long[] RowMajor(long[] shape)
    {
        long[] strides = new long[shape.Length];
        long stride = 1;
        for (int i = shape.Length - 1; i >= 0; i--)
        {
            strides[i] = stride;
            stride *= Math.Max(1, shape[i]);
        }
        return strides;
    }
}
