namespace MyGpt.Runtime.Kernels;

/// <summary>
/// The operations kernels are written in: one line each over <see cref="Lanes.Count"/> float32 lanes.
/// </summary>
/// <remarks>
/// Every implementation returns the same bits: each operation is an IEEE 754 operation rounded once, multiply-add is fused,
/// and <see cref="Sum"/> adds the lanes in one fixed tree. An instruction set may be faster; it may not be different.
/// </remarks>
/// <typeparam name="TVec">What holds the lanes.</typeparam>
internal unsafe interface IVectorOps<TVec> : IIntegerOps<TVec>
    where TVec : struct
{
    static abstract TVec Broadcast(float value);

    /// <summary>Lanes source[i .. i + 8).</summary>
    static abstract TVec Load(ref float source, nuint i);

    /// <summary>Lanes source[start .. length), the rest zero; 0 to 7 elements are read and nothing beyond them.</summary>
    static abstract TVec LoadTail(ref float source, nuint start, nuint length);

    /// <summary>Lanes source[i .. i + 8) of bfloat16, widened; exact.</summary>
    static abstract TVec LoadBf16(ushort* source, nuint i);

    /// <summary>As <see cref="LoadTail"/> for bfloat16.</summary>
    static abstract TVec LoadBf16Tail(ushort* source, nuint start, nuint length);

    static abstract void Store(TVec value, ref float destination, nuint i);

    /// <summary>Writes the first length - start lanes to destination[start .. length).</summary>
    static abstract void StoreTail(TVec value, ref float destination, nuint start, nuint length);

    static abstract TVec Add(TVec a, TVec b);

    static abstract TVec Subtract(TVec a, TVec b);

    static abstract TVec Multiply(TVec a, TVec b);

    static abstract TVec Divide(TVec a, TVec b);

    /// <summary>a * b + c, rounded once.</summary>
    static abstract TVec MultiplyAdd(TVec a, TVec b, TVec c);

    /// <summary>a &gt; b ? a : b in each lane: b where either is NaN.</summary>
    static abstract TVec Max(TVec a, TVec b);

    /// <summary>a &lt; b ? a : b in each lane: b where either is NaN.</summary>
    static abstract TVec Min(TVec a, TVec b);

    static abstract TVec Abs(TVec a);

    /// <summary>Lanes 2i and 2i + 1 exchanged.</summary>
    static abstract TVec SwapPairs(TVec a);

    /// <summary>a &lt; b ? ifLess : otherwise in each lane.</summary>
    static abstract TVec SelectLess(TVec a, TVec b, TVec ifLess, TVec otherwise);

    /// <summary>2^n where <paramref name="shifted"/> is n + <see cref="VectorMath.RoundingShift"/>, n in -126..127.</summary>
    static abstract TVec PowerOfTwo(TVec shifted);

    /// <summary>The lanes' sum: lane i + lane i + 4, then + 2, then + 1.</summary>
    static abstract float Sum(TVec a);

    /// <summary>The sums of four vectors, each as <see cref="Sum"/> adds it, to destination[0 .. 4).</summary>
    static abstract void StoreSums(TVec a, TVec b, TVec c, TVec d, ref float destination);

    /// <summary>As <see cref="StoreSums(TVec, TVec, TVec, TVec, ref float)"/> for eight, to destination[0 .. 8).</summary>
    static abstract void StoreSums(TVec a, TVec b, TVec c, TVec d, TVec e, TVec f, TVec g, TVec h, ref float destination);

    /// <summary>Eight vectors as the columns of eight rows: lane i of each, side by side, to destination[i * stride .. i * stride + 8).</summary>
    static abstract void StoreTransposed(TVec a, TVec b, TVec c, TVec d, TVec e, TVec f, TVec g, TVec h, ref float destination, nuint stride);

    /// <summary>The lanes' maximum; NaN lanes may or may not be seen.</summary>
    static abstract float MaxLane(TVec a);
}
