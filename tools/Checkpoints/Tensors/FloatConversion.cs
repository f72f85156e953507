using System.Numerics;
using System.Runtime.InteropServices;

namespace MyGpt.Checkpoints.Tensors;

/// <summary>Element types to float32 and float32 to bfloat16, a vector at a time.</summary>
internal static class FloatConversion
{
    private const uint Infinity = 0x7F80_0000;

    private const float Two112 = 5192296858534827628530496329220096f;   // 2^112

    // Above the largest bfloat16 by half a step: rounding to nearest goes to infinity from here.
    private const uint FirstBeyondBf16 = 0x7F7F_8000;

    /// <summary>
    /// Converts elements to float32: exactly from float16, bfloat16, truth values (0 and 1) and integers of up to 24 bits, to the nearest
    /// (ties to even) from everything else.
    /// </summary>
    /// <param name="type">What the elements are.</param>
    /// <param name="source">The elements in this machine's byte order.</param>
    /// <param name="destination">As many numbers as <paramref name="source"/> has elements.</param>
    public static void Widen(TensorType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (source.Length != (long)destination.Length * type.Size())
            throw new ArgumentException($"{source.Length} bytes are not {destination.Length} elements of {type.Name()}.", nameof(source));
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        switch (type)
        {
            case TensorType.Float32: MemoryMarshal.Cast<byte, float>(source).CopyTo(destination); break;
            case TensorType.BFloat16: FromBf16(MemoryMarshal.Cast<byte, ushort>(source), bits); break;
            case TensorType.Float16: FromHalf(MemoryMarshal.Cast<byte, ushort>(source), bits); break;
            case TensorType.Float64: FromDouble(MemoryMarshal.Cast<byte, double>(source), destination); break;
            case TensorType.Int8: FromIntegers(MemoryMarshal.Cast<byte, sbyte>(source), destination); break;
            case TensorType.UInt8 or TensorType.Bool: FromIntegers(source, destination); break;
            case TensorType.Int16: FromIntegers(MemoryMarshal.Cast<byte, short>(source), destination); break;
            case TensorType.Int32: FromIntegers(MemoryMarshal.Cast<byte, int>(source), destination); break;
            case TensorType.Int64: FromIntegers(MemoryMarshal.Cast<byte, long>(source), destination); break;
        }
    }

    /// <summary>Rounds float32 to the nearest bfloat16, ties to even; NaN stays NaN.</summary>
    public static void ToBf16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int lanes = Vector<uint>.Count, i = 0;
        for (; i <= bits.Length - (2 * lanes); i += 2 * lanes)
            Vector.Narrow(RoundToBf16(new(bits[i..])), RoundToBf16(new(bits[(i + lanes)..]))).CopyTo(destination[i..]);
        for (; i < bits.Length; i++)
            destination[i] = (ushort)RoundToBf16(new Vector<uint>(bits[i]))[0];
    }

    /// <summary>The first number that is NaN, infinite or, for <paramref name="bf16"/> as the target, too large; -1: none.</summary>
    public static int FindNonFinite(ReadOnlySpan<float> numbers, bool bf16)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(numbers);
        uint limit = bf16 ? FirstBeyondBf16 : Infinity;
        var magnitude = new Vector<uint>(0x7FFF_FFFF);
        int lanes = Vector<uint>.Count, i = 0;
        while (i <= bits.Length - lanes && !Vector.GreaterThanOrEqualAny(new Vector<uint>(bits[i..]) & magnitude, new Vector<uint>(limit)))
            i += lanes;
        for (; i < bits.Length; i++)
        {
            if ((bits[i] & 0x7FFF_FFFF) >= limit)
                return i;
        }
        return -1;
    }

    private static Vector<uint> RoundToBf16(Vector<uint> bits)
    {
        // Half a step, one less when the result would be even already: a tie then stays below the carry.
        Vector<uint> rounded = (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) >>> 16;
        Vector<uint> quiet = (bits >>> 16) | new Vector<uint>(0x40);
        Vector<uint> isNan = Vector.GreaterThan(bits & new Vector<uint>(0x7FFF_FFFF), new Vector<uint>(Infinity));
        return Vector.ConditionalSelect(isNan, quiet, rounded);
    }

    private static void FromBf16(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        int lanes = Vector<ushort>.Count, i = 0;
        for (; i <= source.Length - lanes; i += lanes)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            (low << 16).CopyTo(destination[i..]);
            (high << 16).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }
        for (; i < source.Length; i++)
            destination[i] = (uint)source[i] << 16;
    }

    private static void FromHalf(ReadOnlySpan<ushort> source, Span<uint> destination)
    {
        int lanes = Vector<ushort>.Count, i = 0;
        for (; i <= source.Length - lanes; i += lanes)
        {
            Vector.Widen(new Vector<ushort>(source[i..]), out Vector<uint> low, out Vector<uint> high);
            WidenHalf(low).CopyTo(destination[i..]);
            WidenHalf(high).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }
        for (; i < source.Length; i++)
            destination[i] = WidenHalf(new Vector<uint>(source[i]))[0];
    }

    // Exponent and fraction move to their places in a float32; what is missing is the difference of the two biases, 127 - 15, which
    // a product with 2^112 adds exactly, and which turns a subnormal float16 into the normal float32 that it equals.
    private static Vector<uint> WidenHalf(Vector<uint> half)
    {
        Vector<uint> magnitude = (half & new Vector<uint>(0x7FFF)) << 13;
        Vector<uint> scaled = Vector.AsVectorUInt32(Vector.AsVectorSingle(magnitude) * new Vector<float>(Two112));
        Vector<uint> notFinite = Vector.GreaterThanOrEqual(magnitude, new Vector<uint>(0x7C00 << 13)) & new Vector<uint>(Infinity);
        return scaled | notFinite | ((half & new Vector<uint>(0x8000)) << 16);
    }

    private static void FromIntegers<T>(ReadOnlySpan<T> source, Span<float> destination) where T : INumberBase<T>
    {
        for (int i = 0; i < source.Length; i++)
            destination[i] = float.CreateTruncating(source[i]);
    }

    private static void FromDouble(ReadOnlySpan<double> source, Span<float> destination)
    {
        int lanes = Vector<double>.Count, i = 0;
        for (; i <= source.Length - (2 * lanes); i += 2 * lanes)
            Vector.Narrow(new Vector<double>(source[i..]), new Vector<double>(source[(i + lanes)..])).CopyTo(destination[i..]);
        for (; i < source.Length; i++)
            destination[i] = (float)source[i];
    }
}
