using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>bfloat16, the upper half of a float32, row after row; widened exactly.</summary>
internal readonly unsafe struct Bf16Rows : IWeightType
{
    public static nuint RowBytes(nuint columns) => columns * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TOps, TVec>(byte* row, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadBf16((ushort*)row, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LoadTail<TOps, TVec>(byte* row, nuint start, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadBf16Tail((ushort*)row, start, length);
}
