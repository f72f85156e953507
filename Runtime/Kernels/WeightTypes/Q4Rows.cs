using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>Indices of <see cref="Q4Levels"/>: byte i of a block holds column i in its low four bits, column i + 16 in its high ones.</summary>
internal readonly unsafe struct Q4Rows : IBlockRows
{
    public static nuint QuantBytes => BlockLayout.Q4QuantBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Levels<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadTable(ref MemoryMarshal.GetReference(Q4Levels.Values));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Low<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LookUp(levels, TOps.LowNibbles(TOps.Load(ref *(float*)quants, 0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec High<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LookUp(levels, TOps.HighNibbles(TOps.Load(ref *(float*)quants, 0)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LastLow<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LookUp(levels, TOps.LowNibbles(TOps.LoadHalf(quants)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LastHigh<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LookUp(levels, TOps.HighNibbles(TOps.LoadHalf(quants)));
}
