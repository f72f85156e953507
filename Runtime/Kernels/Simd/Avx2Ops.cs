using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.Runtime.Kernels;

/// <summary>Eight lanes in one 256-bit register: AVX2 and FMA.</summary>
internal readonly unsafe partial struct Avx2Ops : IVectorOps<Vector256<float>>
{
    // In a shuffle's mask: not a byte of the source, but zero.
    private const byte Zero = 128;

    // Eight -1 and eight 0: read from offset 8 - n, it is the mask of the first n lanes.
    private static ReadOnlySpan<int> TailMasks => [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref float source, nuint i) => Vector256.LoadUnsafe(ref source, i);

    // Masked loads and stores take a pointer: the array is pinned for their duration, or a collection could move it under them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> LoadTail(ref float source, nuint start, nuint length)
    {
        fixed (float* tail = &Unsafe.Add(ref source, start))
            return Avx.MaskLoad(tail, TailMask(length - start));
    }

    // The same eight in both halves, then one shuffle that moves four of each half up and fills with zeros: the first comes with the
    // load, where zero-extending and shifting would be two operations on the ports of the multiply-adds.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBf16(ushort* source, nuint i)
    {
        Vector256<byte> widen = Vector256.Create(
            Zero, Zero, 0, 1, Zero, Zero, 2, 3, Zero, Zero, 4, 5, Zero, Zero, 6, 7, Zero, Zero, 8, 9, Zero, Zero, 10, 11, Zero, Zero, 12, 13, Zero, Zero, 14, 15);
        return Avx2.Shuffle(Avx2.BroadcastVector128ToVector256((byte*)(source + i)), widen).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> LoadBf16Tail(ushort* source, nuint start, nuint length)
    {
        ushort* tail = stackalloc ushort[Lanes.Count];
        for (nuint i = start; i < length; i++)
            tail[i - start] = source[i];
        return LoadBf16(tail, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, ref float destination, nuint i) => value.StoreUnsafe(ref destination, i);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTail(Vector256<float> value, ref float destination, nuint start, nuint length)
    {
        fixed (float* tail = &Unsafe.Add(ref destination, start))
            Avx.MaskStore(tail, TailMask(length - start), value);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Add(Vector256<float> a, Vector256<float> b) => Avx.Add(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Subtract(Vector256<float> a, Vector256<float> b) => Avx.Subtract(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Multiply(Vector256<float> a, Vector256<float> b) => Avx.Multiply(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Divide(Vector256<float> a, Vector256<float> b) => Avx.Divide(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> MultiplyAdd(Vector256<float> a, Vector256<float> b, Vector256<float> c) => Fma.MultiplyAdd(a, b, c);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Max(Vector256<float> a, Vector256<float> b) => Avx.Max(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Min(Vector256<float> a, Vector256<float> b) => Avx.Min(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Abs(Vector256<float> a) => Vector256.Abs(a);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SwapPairs(Vector256<float> a) => Avx.Permute(a, 0b10_11_00_01);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> SelectLess(Vector256<float> a, Vector256<float> b, Vector256<float> ifLess, Vector256<float> otherwise) =>
        Avx.BlendVariable(otherwise, ifLess, Avx.CompareLessThan(a, b));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> PowerOfTwo(Vector256<float> shifted) =>
        Avx2.Add(Avx2.ShiftLeftLogical(shifted.AsInt32(), 23), Vector256.Create(127 << 23)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Vector256<float> a)
    {
        Vector128<float> four = Sse.Add(a.GetLower(), a.GetUpper());
        Vector128<float> two = Sse.Add(four, Sse.MoveHighToLow(four, four));
        return Sse.AddScalar(two, Sse3.MoveHighAndDuplicate(two)).ToScalar();
    }

    // Sum's tree, four at a time: transposing replaces three quarters of the additions.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, ref float destination)
    {
        Vector128<float> a4 = Sse.Add(a.GetLower(), a.GetUpper()), b4 = Sse.Add(b.GetLower(), b.GetUpper());
        Vector128<float> c4 = Sse.Add(c.GetLower(), c.GetUpper()), d4 = Sse.Add(d.GetLower(), d.GetUpper());
        Vector128<float> ab = Sse.Add(Sse.MoveLowToHigh(a4, b4), Sse.MoveHighToLow(b4, a4));   // a0+a2 a1+a3 b0+b2 b1+b3
        Vector128<float> cd = Sse.Add(Sse.MoveLowToHigh(c4, d4), Sse.MoveHighToLow(d4, c4));
        Sse.Add(Sse.Shuffle(ab, cd, 0b10_00_10_00), Sse.Shuffle(ab, cd, 0b11_01_11_01)).StoreUnsafe(ref destination);
    }

    // A blend and a shuffle put the halves to be added into one register each, two vectors at a time; a blend costs less than a shuffle.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h, ref float destination)
    {
        Vector256<float> ab = AddPairs(AddHalves(a, e), AddHalves(b, f)), cd = AddPairs(AddHalves(c, g), AddHalves(d, h));
        Avx.Add(Avx.Shuffle(ab, cd, 0b10_00_10_00), Avx.Shuffle(ab, cd, 0b11_01_11_01)).StoreUnsafe(ref destination);
    }

    // a0+a4 a1+a5 a2+a6 a3+a7 b0+b4 b1+b5 b2+b6 b3+b7
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddHalves(Vector256<float> a, Vector256<float> b) => Avx.Add(Avx.Blend(a, b, 0b1111_0000), Avx.Permute2x128(a, b, 0x21));

    // In both halves: a0+a2 a1+a3 b0+b2 b1+b3
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddPairs(Vector256<float> a, Vector256<float> b) => Avx.Add(Avx.Blend(a, b, 0b1100_1100), Avx.Shuffle(a, b, 0b01_00_11_10));

    // Pairs, then fours within each half, then the halves.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreTransposed(
        Vector256<float> a, Vector256<float> b, Vector256<float> c, Vector256<float> d, Vector256<float> e, Vector256<float> f, Vector256<float> g, Vector256<float> h,
        ref float destination, nuint stride)
    {
        Vector256<float> abLow = Avx.UnpackLow(a, b), abHigh = Avx.UnpackHigh(a, b), cdLow = Avx.UnpackLow(c, d), cdHigh = Avx.UnpackHigh(c, d);
        Vector256<float> efLow = Avx.UnpackLow(e, f), efHigh = Avx.UnpackHigh(e, f), ghLow = Avx.UnpackLow(g, h), ghHigh = Avx.UnpackHigh(g, h);
        StoreHalves(Avx.Shuffle(abLow, cdLow, 0b01_00_01_00), Avx.Shuffle(efLow, ghLow, 0b01_00_01_00), ref destination, stride);
        StoreHalves(Avx.Shuffle(abLow, cdLow, 0b11_10_11_10), Avx.Shuffle(efLow, ghLow, 0b11_10_11_10), ref Unsafe.Add(ref destination, stride), stride);
        StoreHalves(Avx.Shuffle(abHigh, cdHigh, 0b01_00_01_00), Avx.Shuffle(efHigh, ghHigh, 0b01_00_01_00), ref Unsafe.Add(ref destination, 2 * stride), stride);
        StoreHalves(Avx.Shuffle(abHigh, cdHigh, 0b11_10_11_10), Avx.Shuffle(efHigh, ghHigh, 0b11_10_11_10), ref Unsafe.Add(ref destination, 3 * stride), stride);
    }

    // Lane i of all eight, and lane i + 4.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreHalves(Vector256<float> abcd, Vector256<float> efgh, ref float destination, nuint stride)
    {
        Avx.Permute2x128(abcd, efgh, 0x20).StoreUnsafe(ref destination);
        Avx.Permute2x128(abcd, efgh, 0x31).StoreUnsafe(ref destination, 4 * stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector256<float> a)
    {
        Vector128<float> four = Sse.Max(a.GetLower(), a.GetUpper());
        Vector128<float> two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return Sse.MaxScalar(two, Sse3.MoveHighAndDuplicate(two)).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> TailMask(nuint count) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(TailMasks), Lanes.Count - count).AsSingle();
}
