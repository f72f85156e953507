namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>How one type of weight lies in memory and becomes float32 lanes. An implementation has no state.</summary>
internal unsafe interface IWeightType
{
    /// <summary>Bytes of one row of a (out, in) matrix.</summary>
    static abstract nuint RowBytes(nuint columns);

    /// <summary>Weights [i, i + 8) of a row.</summary>
    static abstract TVec Load<TOps, TVec>(byte* row, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;

    /// <summary>Weights [start, length) of a row, the other lanes zero; 1 to 7 weights are read and nothing beyond them.</summary>
    static abstract TVec LoadTail<TOps, TVec>(byte* row, nuint start, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct;
}
