using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>float32, row after row.</summary>
internal readonly unsafe struct F32Rows : IWeightType
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
}
