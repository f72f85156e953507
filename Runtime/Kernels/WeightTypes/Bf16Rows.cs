using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels.WeightTypes;

/// <summary>bfloat16, the upper half of a float32, row after row; widened exactly.</summary>
internal readonly unsafe struct Bf16Rows : IKvType
{
    // The upper bits of a NaN alone could be those of an infinity.
    private const uint Quiet = 0x40;

    public static nuint RowBytes(nuint columns) => columns * sizeof(ushort);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Load<TOps, TVec>(byte* row, nuint i)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadBf16((ushort*)row, i);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LoadTail<TOps, TVec>(byte* row, nuint start, nuint length)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.LoadBf16Tail((ushort*)row, start, length);

    /// <summary>Stores the nearest bfloat16, ties to even; what is beyond the largest becomes infinite, NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* row, nuint i)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        ((ushort*)row)[i] = (ushort)(float.IsNaN(value) ? (bits >> 16) | Quiet : (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>Stores the nearest bfloat16 of each, as the other overload does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Store(ReadOnlySpan<float> values, byte* row)
    {
        nuint i = 0, whole = (nuint)values.Length / 8 * 8;
        fixed (float* x = values)
        {
            for (; i < whole; i += 8)
                Vector128.Narrow(Narrow(Vector128.Load(x + i)), Narrow(Vector128.Load(x + i + 4))).Store((ushort*)row + i);
            for (; i < (nuint)values.Length; i++)
                Store(x[i], row, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<uint> Narrow(Vector128<float> values)
    {
        Vector128<uint> bits = values.AsUInt32(), high = bits >>> 16;
        Vector128<uint> rounded = (bits + Vector128.Create(0x7FFFu) + (high & Vector128<uint>.One)) >>> 16;
        return Vector128.ConditionalSelect(Vector128.Equals(values, values).AsUInt32(), rounded, high | Vector128.Create(Quiet));
    }
}
