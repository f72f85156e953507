using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Sampling;

/// <summary>Floats as integers in the same order, and selection among them.</summary>
internal static class OrderedKey
{
    /// <summary>An integer that is greater for a greater float. Zero has two keys: that of -0 is one below that of +0.</summary>
    /// <param name="value">Not NaN.</param>
    public static int FromFloat(float value) => Flip(BitConverter.SingleToInt32Bits(value));

    /// <summary>As <see cref="FromFloat(float)"/> for each lane; NaN gets the key of negative infinity.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector<int> FromFloats(Vector<float> values)
    {
        var bits = Vector.AsVectorInt32(Vector.ConditionalSelect(Vector.Equals(values, values), values, new Vector<float>(float.NegativeInfinity)));
        return bits ^ (Vector.ShiftRightArithmetic(bits, 31) & new Vector<int>(int.MaxValue));
    }

    /// <summary>The float of a key.</summary>
    public static float ToFloat(int key) => BitConverter.Int32BitsToSingle(Flip(key));

    /// <summary>The k-th largest of some keys, built bit by bit from the top: at most 32 passes, usually 10 to 15, and no order of
    /// the keys is a bad one.</summary>
    /// <param name="keys">At least <paramref name="k"/> keys, in any order; unchanged.</param>
    /// <param name="k">1 for the largest.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int FindKthLargest(ReadOnlySpan<int> keys, int k)
    {
        int kth = int.MinValue;
        for (int bit = 31; bit >= 0; bit--)
        {
            int candidate = kth ^ (1 << bit);   // the sign bit is cleared, the others are set: upwards each time
            int count = CountAtLeast(keys, candidate);
            if (count == k)
                return FindSmallestAtLeast(keys, candidate);
            if (count > k)
                kth = candidate;
        }
        return kth;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountAtLeast(ReadOnlySpan<int> keys, int least)
    {
        ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<int, Vector<int>>(keys);
        Vector<int> threshold = new(least), counts = Vector<int>.Zero;
        foreach (Vector<int> v in vectors)
            counts -= Vector.GreaterThanOrEqual(v, threshold);   // a true lane is -1
        int count = Vector.Sum(counts);
        foreach (int key in keys[(vectors.Length * Vector<int>.Count)..])
            count += key >= least ? 1 : 0;
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FindSmallestAtLeast(ReadOnlySpan<int> keys, int least)
    {
        ReadOnlySpan<Vector<int>> vectors = MemoryMarshal.Cast<int, Vector<int>>(keys);
        Vector<int> threshold = new(least), smallest = new(int.MaxValue);
        foreach (Vector<int> v in vectors)
            smallest = Vector.Min(smallest, Vector.ConditionalSelect(Vector.GreaterThanOrEqual(v, threshold), v, smallest));
        int result = int.MaxValue;
        for (int lane = 0; lane < Vector<int>.Count; lane++)
            result = Math.Min(result, smallest[lane]);
        foreach (int key in keys[(vectors.Length * Vector<int>.Count)..])
            result = key >= least ? Math.Min(result, key) : result;
        return result;
    }

    // Negative floats grow in magnitude with their bits: all but the sign is inverted. Its own inverse.
    private static int Flip(int bits) => bits ^ ((bits >> 31) & int.MaxValue);
}
