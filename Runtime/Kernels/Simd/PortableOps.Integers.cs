using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels;

/// <content>Integers: the definition of every operation.</content>
internal readonly unsafe partial struct PortableOps
{
    public static Lanes LoadHalf(byte* low) => new(Vector128.Load((float*)low), Vector128<float>.Zero);

    public static Lanes LoadHalves(byte* low, byte* high) => new(Vector128.Load((float*)low), Vector128.Load((float*)high));

    public static Lanes LoadTable(ref sbyte table)
    {
        Vector128<float> half = Vector128.LoadUnsafe(ref table).AsSingle();
        return new(half, half);
    }

    public static Lanes LoadScales(byte* pair) => new(Widen(((ushort*)pair)[0]), Widen(((ushort*)pair)[1]));

    public static Lanes LoadScale(byte* single) => new(Widen(*(ushort*)single), Vector128<float>.Zero);

    public static Lanes EvenBytes(Lanes a) => new(EvenBytes(a.Low), EvenBytes(a.High));

    public static Lanes OddBytes(Lanes a) => new(OddBytes(a.Low), OddBytes(a.High));

    public static Lanes LowNibbles(Lanes a) => new(LowNibbles(a.Low), LowNibbles(a.High));

    public static Lanes HighNibbles(Lanes a) => new(HighNibbles(a.Low), HighNibbles(a.High));

    public static Lanes LookUp(Lanes table, Lanes indices) => new(LookUp(table.Low, indices.Low), LookUp(table.High, indices.High));

    public static Lanes MultiplyAddWords(Lanes a, Lanes b) => new(MultiplyAddWords(a.Low, b.Low), MultiplyAddWords(a.High, b.High));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes AddIntegers(Lanes a, Lanes b) =>
        new((a.Low.AsInt32() + b.Low.AsInt32()).AsSingle(), (a.High.AsInt32() + b.High.AsInt32()).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Lanes ToFloats(Lanes a) => new(Vector128.ConvertToSingle(a.Low.AsInt32()), Vector128.ConvertToSingle(a.High.AsInt32()));

    public static void StoreWords(Lanes a, Lanes b, short* even, short* odd)
    {
        StoreWords(a.Low, even, odd);
        StoreWords(a.High, even + 2, odd + 2);
        StoreWords(b.Low, even + 4, odd + 4);
        StoreWords(b.High, even + 6, odd + 6);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Widen(ushort bf16) => Vector128.Create((uint)bf16 << 16).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> EvenBytes(Vector128<float> a) =>
        Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(a.AsInt16(), 8), 8).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> OddBytes(Vector128<float> a) => Vector128.ShiftRightArithmetic(a.AsInt16(), 8).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LowNibbles(Vector128<float> a) => (a.AsByte() & Vector128.Create((byte)15)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> HighNibbles(Vector128<float> a) => Vector128.ShiftRightLogical(a.AsByte(), 4).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> LookUp(Vector128<float> table, Vector128<float> indices) =>
        Vector128.Shuffle(table.AsByte(), indices.AsByte()).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> MultiplyAddWords(Vector128<float> a, Vector128<float> b)
    {
        Vector128<int> evenA = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(a.AsInt32(), 16), 16), oddA = Vector128.ShiftRightArithmetic(a.AsInt32(), 16);
        Vector128<int> evenB = Vector128.ShiftRightArithmetic(Vector128.ShiftLeft(b.AsInt32(), 16), 16), oddB = Vector128.ShiftRightArithmetic(b.AsInt32(), 16);
        return (evenA * evenB + oddA * oddB).AsSingle();
    }

    private static void StoreWords(Vector128<float> a, short* even, short* odd)
    {
        even[0] = (short)MathF.Round(a.GetElement(0));
        odd[0] = (short)MathF.Round(a.GetElement(1));
        even[1] = (short)MathF.Round(a.GetElement(2));
        odd[1] = (short)MathF.Round(a.GetElement(3));
    }
}
