using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>float32, row after row.</summary>
internal readonly unsafe struct F32Rows : IKvType
{
    public static nuint RowBytes(nuint columns) => columns * sizeof(float);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TOps, TVec>(byte* row, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.Load(ref *(float*)row, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LoadTail<TOps, TVec>(byte* row, nuint start, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadTail(ref *(float*)row, start, length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* row, nuint i) => ((float*)row)[i] = value;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(ReadOnlySpan<float> values, byte* row) => values.CopyTo(new Span<float>(row, values.Length));
}
