using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>Signed bytes: byte i of a block is column i.</summary>
internal readonly unsafe struct Q8Rows : IBlockRows
{
    private const int Half = BlockLayout.Length / 2;

    public static nuint QuantBytes => BlockLayout.Q8QuantBytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Levels<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Low<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadHalves(quants, quants + BlockLayout.Length);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec High<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadHalves(quants + Half, quants + BlockLayout.Length + Half);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LastLow<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadHalf(quants);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LastHigh<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadHalf(quants + Half);
}
