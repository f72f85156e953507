namespace MyGpt.Runtime.Kernels;

/// <summary>
/// The integer operations behind quantised weights. A vector's 256 bits are 32 bytes, 16 words of 16 bits, 8 integers of 32 bits or 8 floats,
/// as the operation says; its halves are bits 0 to 127 and 128 to 255.
/// </summary>
/// <remarks>Integer sums are exact here, so every implementation returns the same bits by nature.</remarks>
/// <typeparam name="TVec">What holds the bits.</typeparam>
internal unsafe interface IIntegerOps<TVec>
    where TVec : struct
{
    /// <summary>16 bytes in the lower half, zeros in the upper.</summary>
    static abstract TVec LoadHalf(byte* low);

    /// <summary>16 bytes in each half.</summary>
    static abstract TVec LoadHalves(byte* low, byte* high);

    /// <summary>The same 16 bytes in both halves: a table for <see cref="LookUp"/>.</summary>
    static abstract TVec LoadTable(ref sbyte table);

    /// <summary>Two bfloat16 scales widened: the first in floats 0 to 3, the second in floats 4 to 7.</summary>
    static abstract TVec LoadScales(byte* pair);

    /// <summary>One bfloat16 scale widened in floats 0 to 3, zeros in the others.</summary>
    static abstract TVec LoadScale(byte* single);

    /// <summary>Words: signed bytes 0, 2, 4 ...</summary>
    static abstract TVec EvenBytes(TVec a);

    /// <summary>Words: signed bytes 1, 3, 5 ...</summary>
    static abstract TVec OddBytes(TVec a);

    /// <summary>Bits 0 to 3 of each byte.</summary>
    static abstract TVec LowNibbles(TVec a);

    /// <summary>Bits 4 to 7 of each byte.</summary>
    static abstract TVec HighNibbles(TVec a);

    /// <summary>Byte i is byte indices[i] of the table; indices are 0 to 15.</summary>
    static abstract TVec LookUp(TVec table, TVec indices);

    /// <summary>Integer j is the sum of the products of words 2j and 2j + 1; exact unless all four are -32768.</summary>
    static abstract TVec MultiplyAddWords(TVec a, TVec b);

    /// <summary>Sums of integers.</summary>
    static abstract TVec AddIntegers(TVec a, TVec b);

    /// <summary>Integers as floats; exact up to 2^24.</summary>
    static abstract TVec ToFloats(TVec a);

    /// <summary>Rounds 16 floats (a, then b), each within 32767, to the nearest even integer and writes them as words.</summary>
    /// <param name="a">Floats 0 to 7.</param>
    /// <param name="b">Floats 8 to 15.</param>
    /// <param name="even">Where floats 0, 2, 4 ... go, (8).</param>
    /// <param name="odd">Where floats 1, 3, 5 ... go, (8).</param>
    static abstract void StoreWords(TVec a, TVec b, short* even, short* odd);
}
