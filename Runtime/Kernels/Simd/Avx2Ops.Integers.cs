using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.Runtime.Kernels;

/// <content>Integers: AVX2.</content>
internal readonly unsafe partial struct Avx2Ops
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalf(byte* low) => Vector256.Create(Vector128.Load(low), Vector128<byte>.Zero).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadHalves(byte* low, byte* high) => Vector256.Create(Vector128.Load(low), Vector128.Load(high)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadTable(ref sbyte table)
    {
        Vector128<sbyte> half = Vector128.LoadUnsafe(ref table);
        return Vector256.Create(half, half).AsSingle();
    }

    // One load brings both scales into every integer; one shuffle puts the right one into the upper half of each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadScales(byte* pair) => Avx2.Shuffle(
        Vector256.Create(*(int*)pair).AsByte(),
        Vector256.Create(
            255, 255, 0, 1, 255, 255, 0, 1, 255, 255, 0, 1, 255, 255, 0, 1,
            255, 255, 2, 3, 255, 255, 2, 3, 255, 255, 2, 3, 255, 255, 2, (byte)3)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadScale(byte* single) =>
        Vector256.Create(Vector128.Create(*(ushort*)single << 16), Vector128<int>.Zero).AsSingle();

    // 1 * even byte + 0 * odd byte: half the instructions of shifting left and right.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> EvenBytes(Vector256<float> a) =>
        Avx2.MultiplyAddAdjacent(Vector256.Create((ushort)1).AsByte(), a.AsSByte()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> OddBytes(Vector256<float> a) => Avx2.ShiftRightArithmetic(a.AsInt16(), 8).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LowNibbles(Vector256<float> a) => Avx2.And(a.AsByte(), Vector256.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> HighNibbles(Vector256<float> a) =>
        Avx2.And(Avx2.ShiftRightLogical(a.AsUInt16(), 4).AsByte(), Vector256.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LookUp(Vector256<float> table, Vector256<float> indices) => Avx2.Shuffle(table.AsByte(), indices.AsByte()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAddWords(Vector256<float> a, Vector256<float> b) =>
        Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> AddIntegers(Vector256<float> a, Vector256<float> b) => Avx2.Add(a.AsInt32(), b.AsInt32()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> ToFloats(Vector256<float> a) => Avx.ConvertToVector256Single(a.AsInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreWords(Vector256<float> a, Vector256<float> b, short* even, short* odd)
    {
        // a0..a3 b0..b3 | a4..a7 b4..b7, then a0a2 b0b2 a1a3 b1b3 | a4a6 b4b6 a5a7 b5b7, then the pairs of words in order.
        Vector256<short> words = Avx2.PackSignedSaturate(Avx.ConvertToVector256Int32(a), Avx.ConvertToVector256Int32(b));
        Vector256<byte> sorted = Avx2.Shuffle(
            words.AsByte(),
            Vector256.Create(
                0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
                0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, (byte)15));
        Vector256<short> pairs = Avx2.PermuteVar8x32(sorted.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsInt16();
        pairs.GetLower().Store(even);
        pairs.GetUpper().Store(odd);
    }
}
