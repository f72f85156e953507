using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Every integer operation is what its definition says, byte by byte, on every instruction set.</summary>
public unsafe class IntegerOpsTests
{
    private static readonly byte[] Edges = [0, 1, 0x0F, 0x10, 0x7F, 0x80, 0x81, 0xF0, 0xFE, 0xFF];

    // The first 256 rounds are one byte each; a word of -32768 and sums that wrap come up among the edges.
    private static IEnumerable<(byte[] A, byte[] B)> Rounds
    {
        get
        {
            for (int round = 0; round < 2000; round++)
            {
                var random = new Random(round);
                byte Next() => random.Next(2) == 0 ? Edges[random.Next(Edges.Length)] : (byte)random.Next(256);
                yield return ([.. Enumerable.Range(0, 32).Select(_ => round < 256 ? (byte)round : Next())], [.. Enumerable.Range(0, 32).Select(_ => Next())]);
            }
            byte[] least = [.. Enumerable.Range(0, 32).Select(i => (byte)(i % 2 == 0 ? 0 : 0x80))];
            yield return (least, least);
        }
    }

    [Fact]
    public void Portable_operations_are_their_definitions() => AssertDefinitions<PortableOps, Lanes>();

    [Fact]
    public void Avx2_operations_are_their_definitions()
    {
        if (Avx2.IsSupported && Fma.IsSupported)
            AssertDefinitions<Avx2Ops, Vector256<float>>();
    }

    [Fact]
    public void StoreWords_rounds_to_even()
    {
        float[] x = [0, -0f, 0.5f, -0.5f, 1.5f, -1.5f, 2.5f, 0.49999997f, 16383, -16383, 16382.5f, -16382.5f, 32767, -32767, float.Epsilon, 16383.498f];
        short[] even = [0, 0, 2, 2, 16383, 16382, 32767, 0], odd = [0, 0, -2, 0, -16383, -16382, -32767, 16383];
        AssertWords<PortableOps, Lanes>(x, even, odd);
        if (Avx2.IsSupported && Fma.IsSupported)
            AssertWords<Avx2Ops, Vector256<float>>(x, even, odd);
    }

    private static void AssertDefinitions<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        foreach ((byte[] a, byte[] b) in Rounds)
        {
            TVec va = Load<TOps, TVec>(a), vb = Load<TOps, TVec>(b);
            byte[] indices = [.. b.Select(v => (byte)(v & 15))];
            short[] wordsA = MemoryMarshal.Cast<byte, short>(a).ToArray(), wordsB = MemoryMarshal.Cast<byte, short>(b).ToArray();
            int[] wholeA = MemoryMarshal.Cast<byte, int>(a).ToArray(), wholeB = MemoryMarshal.Cast<byte, int>(b).ToArray();
            fixed (byte* pa = a, pb = b)
            {
                Same<TOps, TVec, byte>(TOps.LoadHalf(pa), [.. a[..16], .. new byte[16]]);
                Same<TOps, TVec, byte>(TOps.LoadHalves(pa, pb + 3), [.. a[..16], .. b[3..19]]);
                Same<TOps, TVec, int>(TOps.LoadScales(pa), [.. Enumerable.Range(0, 8).Select(i => wordsA[i / 4] << 16)]);
                Same<TOps, TVec, int>(TOps.LoadScale(pa), [.. Enumerable.Range(0, 8).Select(i => i < 4 ? wordsA[0] << 16 : 0)]);
            }
            Same<TOps, TVec, byte>(TOps.LoadTable(ref MemoryMarshal.Cast<byte, sbyte>(a.AsSpan())[0]), [.. a[..16], .. a[..16]]);
            Same<TOps, TVec, short>(TOps.EvenBytes(va), [.. Enumerable.Range(0, 16).Select(i => (short)(sbyte)a[2 * i])]);
            Same<TOps, TVec, short>(TOps.OddBytes(va), [.. Enumerable.Range(0, 16).Select(i => (short)(sbyte)a[2 * i + 1])]);
            Same<TOps, TVec, byte>(TOps.LowNibbles(va), [.. a.Select(v => (byte)(v % 16))]);
            Same<TOps, TVec, byte>(TOps.HighNibbles(va), [.. a.Select(v => (byte)(v / 16))]);
            Same<TOps, TVec, byte>(TOps.LookUp(va, Load<TOps, TVec>(indices)), [.. indices.Select((index, i) => a[i / 16 * 16 + index])]);
            Same<TOps, TVec, int>(
                TOps.MultiplyAddWords(va, vb),
                [.. Enumerable.Range(0, 8).Select(i => unchecked(wordsA[2 * i] * wordsB[2 * i] + wordsA[2 * i + 1] * wordsB[2 * i + 1]))]);
            Same<TOps, TVec, int>(TOps.AddIntegers(va, vb), [.. wholeA.Zip(wholeB, static (p, q) => unchecked(p + q))]);
            Same<TOps, TVec, float>(TOps.ToFloats(va), [.. wholeA.Select(static v => (float)v)]);
        }
    }

    private static TVec Load<TOps, TVec>(byte[] bytes)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct => TOps.Load(ref MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[0], 0);

    private static void Same<TOps, TVec, T>(TVec actual, T[] expected)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
        where T : unmanaged
    {
        byte[] bytes = new byte[32];
        TOps.Store(actual, ref MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[0], 0);
        Assert.Equal(MemoryMarshal.AsBytes<T>(expected), bytes.AsSpan());
    }

    private static void AssertWords<TOps, TVec>(float[] x, short[] even, short[] odd)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        short[] first = new short[8], second = new short[8];
        fixed (short* pf = first, ps = second)
            TOps.StoreWords(TOps.Load(ref x[0], 0), TOps.Load(ref x[0], 8), pf, ps);
        Assert.Equal(even, first);
        Assert.Equal(odd, second);
    }
}
