using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace MyGpt.Runtime.Kernels;

/// <summary>Eight lanes in one 256-bit register: AVX2 and FMA.</summary>
internal readonly struct Avx2Ops : IVectorOps<Vector256<float>>
{
    // Eight -1 and eight 0: read from offset 8 - n, it is the mask of the first n lanes.
    private static ReadOnlySpan<int> TailMasks => [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Broadcast(float value) => Vector256.Create(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref float source, nuint i) => Vector256.LoadUnsafe(ref source, i);

    // Masked loads and stores take a pointer: the array is pinned for their duration, or a collection could move it under them.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe Vector256<float> LoadTail(ref float source, nuint start, nuint length)
    {
        fixed (float* tail = &Unsafe.Add(ref source, start))
            return Avx.MaskLoad(tail, TailMask(length - start));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> LoadBf16(ref ushort source, nuint i) => Widen(Vector128.LoadUnsafe(ref source, i));

    public static Vector256<float> LoadBf16Tail(ref ushort source, nuint start, nuint length)
    {
        Vector128<ushort> tail = Vector128<ushort>.Zero;
        for (nuint i = start; i < length; i++)
            tail = tail.WithElement((int)(i - start), Unsafe.Add(ref source, i));
        return Widen(tail);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Vector256<float> value, ref float destination, nuint i) => value.StoreUnsafe(ref destination, i);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static unsafe void StoreTail(Vector256<float> value, ref float destination, nuint start, nuint length)
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Vector256<float> a)
    {
        Vector128<float> four = Sse.Max(a.GetLower(), a.GetUpper());
        Vector128<float> two = Sse.Max(four, Sse.MoveHighToLow(four, four));
        return Sse.MaxScalar(two, Sse3.MoveHighAndDuplicate(two)).ToScalar();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Widen(Vector128<ushort> bf16) => Avx2.ShiftLeftLogical(Avx2.ConvertToVector256Int32(bf16), 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> TailMask(nuint count) =>
        Vector256.LoadUnsafe(ref MemoryMarshal.GetReference(TailMasks), Lanes.Count - count).AsSingle();
}
