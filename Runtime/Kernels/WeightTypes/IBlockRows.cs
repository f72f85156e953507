namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>
/// How kernels read one type of quantised weights, rows that lie as <see cref="BlockLayout"/> says: quants become signed bytes. An implementation has
/// no state.
/// </summary>
/// <remarks>
/// Two blocks are read at a time, one in each half of a vector: an instruction then serves 16 columns of both, and one scale for each half is
/// all that a sum needs. "Low" bytes are columns 0 to 15 of both blocks, "high" bytes columns 16 to 31.
/// </remarks>
internal unsafe interface IBlockRows
{
    /// <summary>Bytes of a block's quants.</summary>
    static abstract nuint QuantBytes { get; }

    /// <summary>What the other operations are given as <c>levels</c>: made once, outside of loops.</summary>
    static abstract TVec Levels<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;

    /// <summary>Low bytes of two blocks.</summary>
    static abstract TVec Low<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;

    /// <summary>High bytes of two blocks.</summary>
    static abstract TVec High<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;

    /// <summary>Low bytes of the last block of an odd number; any bytes in the other half.</summary>
    static abstract TVec LastLow<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;

    /// <summary>High bytes of the last block of an odd number; any bytes in the other half.</summary>
    static abstract TVec LastHigh<TOps, TVec>(byte* quants, TVec levels)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;
}
