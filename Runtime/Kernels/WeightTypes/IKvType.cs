namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>A type that keys and values are cached in: computed numbers become elements of it, each by itself.</summary>
internal unsafe interface IKvType : IWeightType
{
    /// <summary>Stores a number as element i of a row.</summary>
    static abstract void Store(float value, byte* row, nuint i);

    /// <summary>Stores a whole row.</summary>
    static abstract void Store(ReadOnlySpan<float> values, byte* row);
}
