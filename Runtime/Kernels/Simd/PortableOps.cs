using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Eight lanes as two 128-bit vectors, which .NET maps to what the machine has (SSE, NEON) or to plain code: the definition of
/// every operation, and the fallback.
/// </summary>
internal readonly unsafe partial struct PortableOps : IVectorOps<Lanes>
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Broadcast(float value) => new(Vector128.Create(value), Vector128.Create(value));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Load(ref float source, nuint i) =>
        new(Vector128.LoadUnsafe(ref source, i), Vector128.LoadUnsafe(ref source, i + 4));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Lanes LoadTail(ref float source, nuint start, nuint length)
    {
        Vector128<float> low = Vector128<float>.Zero, high = Vector128<float>.Zero;
        for (nuint i = start; i < length; i++)
        {
            int lane = (int)(i - start);
            if (lane < 4)
                low = low.WithElement(lane, Unsafe.Add(ref source, i));
            else
                high = high.WithElement(lane - 4, Unsafe.Add(ref source, i));
        }
        return new(low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes LoadBf16(ushort* source, nuint i) => Widen(Vector128.Load(source + i));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Lanes LoadBf16Tail(ushort* source, nuint start, nuint length)
    {
        ushort* tail = stackalloc ushort[Lanes.Count];
        for (nuint i = start; i < length; i++)
            tail[i - start] = source[i];
        return LoadBf16(tail, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(Lanes value, ref float destination, nuint i)
    {
        value.Low.StoreUnsafe(ref destination, i);
        value.High.StoreUnsafe(ref destination, i + 4);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTail(Lanes value, ref float destination, nuint start, nuint length)
    {
        for (nuint i = start; i < length; i++)
        {
            int lane = (int)(i - start);
            Unsafe.Add(ref destination, i) = lane < 4 ? value.Low.GetElement(lane) : value.High.GetElement(lane - 4);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Add(Lanes a, Lanes b) => new(a.Low + b.Low, a.High + b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Subtract(Lanes a, Lanes b) => new(a.Low - b.Low, a.High - b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Multiply(Lanes a, Lanes b) => new(a.Low * b.Low, a.High * b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Divide(Lanes a, Lanes b) => new(a.Low / b.Low, a.High / b.High);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes MultiplyAdd(Lanes a, Lanes b, Lanes c) =>
        new(Vector128.FusedMultiplyAdd(a.Low, b.Low, c.Low), Vector128.FusedMultiplyAdd(a.High, b.High, c.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Max(Lanes a, Lanes b) => SelectLess(b, a, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Min(Lanes a, Lanes b) => SelectLess(a, b, a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes Abs(Lanes a) => new(Vector128.Abs(a.Low), Vector128.Abs(a.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes SwapPairs(Lanes a) =>
        new(Vector128.Shuffle(a.Low, Vector128.Create(1, 0, 3, 2)), Vector128.Shuffle(a.High, Vector128.Create(1, 0, 3, 2)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes SelectLess(Lanes a, Lanes b, Lanes ifLess, Lanes otherwise) =>
        new(
            Vector128.ConditionalSelect(Vector128.LessThan(a.Low, b.Low), ifLess.Low, otherwise.Low),
            Vector128.ConditionalSelect(Vector128.LessThan(a.High, b.High), ifLess.High, otherwise.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes PowerOfTwo(Lanes shifted)
    {
        Vector128<int> one = Vector128.Create(127 << 23);
        return new(
            (Vector128.ShiftLeft(shifted.Low.AsInt32(), 23) + one).AsSingle(),
            (Vector128.ShiftLeft(shifted.High.AsInt32(), 23) + one).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sum(Lanes a)
    {
        Vector128<float> four = a.Low + a.High;
        return (four.GetElement(0) + four.GetElement(2)) + (four.GetElement(1) + four.GetElement(3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Lanes a, Lanes b, Lanes c, Lanes d, ref float destination) =>
        Vector128.Create(Sum(a), Sum(b), Sum(c), Sum(d)).StoreUnsafe(ref destination);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreSums(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h, ref float destination)
    {
        StoreSums(a, b, c, d, ref destination);
        StoreSums(e, f, g, h, ref Unsafe.Add(ref destination, 4));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void StoreTransposed(Lanes a, Lanes b, Lanes c, Lanes d, Lanes e, Lanes f, Lanes g, Lanes h, ref float destination, nuint stride)
    {
        ReadOnlySpan<Lanes> columns = [a, b, c, d, e, f, g, h];
        for (int lane = 0; lane < Lanes.Count; lane++)
        {
            for (int column = 0; column < columns.Length; column++)
            {
                Vector128<float> half = lane < 4 ? columns[column].Low : columns[column].High;
                Unsafe.Add(ref destination, (nuint)lane * stride + (nuint)column) = half.GetElement(lane % 4);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float MaxLane(Lanes a)
    {
        Lanes m = Max(a, new Lanes(a.High, a.Low));
        float even = m.Low.GetElement(0) > m.Low.GetElement(2) ? m.Low.GetElement(0) : m.Low.GetElement(2);
        float odd = m.Low.GetElement(1) > m.Low.GetElement(3) ? m.Low.GetElement(1) : m.Low.GetElement(3);
        return even > odd ? even : odd;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Lanes Widen(Vector128<ushort> bf16)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(bf16);
        return new(Vector128.ShiftLeft(low, 16).AsSingle(), Vector128.ShiftLeft(high, 16).AsSingle());
    }
}
