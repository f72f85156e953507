using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>Every operation gives the same bits on every instruction set, special values included.</summary>
public class VectorOpsTests
{
    private static readonly float[] Specials =
        [0f, -0f, 1f, -1f, float.Epsilon, -1e-40f, 3.4e38f, -3.4e38f, float.PositiveInfinity, float.NegativeInfinity, float.NaN, 0.1f, -7.3f, 1e-20f, 5e7f, -88f];

    [Fact]
    public void Operations_are_the_same_bits_on_every_instruction_set()
    {
        if (!(Avx2.IsSupported && Fma.IsSupported))
            return;   // nothing to compare: the portable operations are the only ones here
        for (int round = 0; round < 2000; round++)
        {
            float[] portable = Probe<PortableOps, Lanes>(round), avx2 = Probe<Avx2Ops, Vector256<float>>(round);
            for (int i = 0; i < portable.Length; i++)
            {
                bool same = BitConverter.SingleToUInt32Bits(portable[i]) == BitConverter.SingleToUInt32Bits(avx2[i])
                    || (float.IsNaN(portable[i]) && float.IsNaN(avx2[i]));   // which NaN is not part of the promise
                Assert.True(same, $"round {round}, result {i}: portable {portable[i]:R}, AVX2 {avx2[i]:R}");
            }
        }
    }

    [Fact]
    public void Sum_adds_halves_then_quarters_then_the_last_pair()
    {
        float[] x = [1e8f, 3f, -1e8f, 0.25f, 1f, 1e-3f, 5f, 7e7f];
        float expected = ((x[0] + x[4]) + (x[2] + x[6])) + ((x[1] + x[5]) + (x[3] + x[7]));
        Assert.Equal(expected, PortableOps.Sum(PortableOps.Load(ref x[0], 0)));
        float[] four = new float[4];
        Lanes v = PortableOps.Load(ref x[0], 0);
        PortableOps.StoreSums(v, PortableOps.Add(v, v), v, v, ref four[0]);
        Assert.Equal([expected, 2 * expected, expected, expected], four);
        float[] eight = new float[8];
        PortableOps.StoreSums(v, v, v, PortableOps.Add(v, v), v, v, PortableOps.Add(v, v), v, ref eight[0]);
        Assert.Equal([expected, expected, expected, 2 * expected, expected, expected, 2 * expected, expected], eight);
    }

    [Fact]
    public void SwapPairs_exchanges_neighbours()
    {
        float[] x = [1, 2, 3, 4, 5, 6, 7, 8], y = new float[8];
        PortableOps.Store(PortableOps.SwapPairs(PortableOps.Load(ref x[0], 0)), ref y[0], 0);
        Assert.Equal([2, 1, 4, 3, 6, 5, 8, 7], y);
    }

    [Fact]
    public void StoreTransposed_writes_lane_i_of_every_vector_to_row_i()
    {
        Check<PortableOps, Lanes>();
        if (Avx2.IsSupported)
            Check<Avx2Ops, Vector256<float>>();

        static void Check<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            const int stride = 11;   // rows overlap nothing, and what lies between them stays
            float[] x = [.. Enumerable.Range(1, 64).Select(i => (float)i)], y = new float[8 * stride], expected = new float[8 * stride];
            for (int vector = 0; vector < 8; vector++)
            {
                for (int lane = 0; lane < 8; lane++)
                    expected[lane * stride + vector] = x[vector * 8 + lane];
            }
            TOps.StoreTransposed(
                TOps.Load(ref x[0], 0), TOps.Load(ref x[0], 8), TOps.Load(ref x[0], 16), TOps.Load(ref x[0], 24),
                TOps.Load(ref x[0], 32), TOps.Load(ref x[0], 40), TOps.Load(ref x[0], 48), TOps.Load(ref x[0], 56), ref y[0], stride);
            Assert.Equal(expected, y);
        }
    }

    private static unsafe float[] Probe<TOps, TVec>(int round)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        var random = new Random(round);
        float Next() => random.Next(4) == 0 ? Specials[random.Next(Specials.Length)] : (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-8, 9)));
        float[] data = [.. Enumerable.Range(0, 32).Select(_ => Next())];
        ushort* narrow = stackalloc ushort[data.Length];
        for (int i = 0; i < data.Length; i++)
            narrow[i] = (ushort)(BitConverter.SingleToUInt32Bits(data[i]) >> 16);
        TVec a = TOps.Load(ref data[0], 0), b = TOps.Load(ref data[0], 8), c = TOps.Load(ref data[0], 16), d = TOps.Load(ref data[0], 24);
        int tail = round % 8;
        TVec[] results =
        [
            TOps.Broadcast(data[3]), TOps.Add(a, b), TOps.Subtract(a, b), TOps.Multiply(a, b), TOps.Divide(a, b), TOps.MultiplyAdd(a, b, c),
            TOps.Max(a, b), TOps.Min(a, b), TOps.Abs(a), TOps.SwapPairs(a), TOps.SelectLess(a, b, c, d), TOps.LoadBf16(narrow, 5),
            TOps.LoadTail(ref data[0], 3, 3 + (nuint)tail), TOps.LoadBf16Tail(narrow, 3, 3 + (nuint)tail),
            TOps.PowerOfTwo(TOps.Broadcast(VectorMath.RoundingShift + random.Next(-126, 128))),
            VectorMath.Exp<TOps, TVec>(a), VectorMath.GeluErf<TOps, TVec>(b), VectorMath.GeluTanh<TOps, TVec>(c),
            VectorMath.Silu<TOps, TVec>(d),
        ];
        float[] flat = new float[results.Length * 8 + 24];
        for (int i = 0; i < results.Length; i++)
            TOps.Store(results[i], ref flat[0], (nuint)(8 * i));
        TOps.StoreTail(a, ref flat[0], (nuint)(results.Length * 8), (nuint)(results.Length * 8 + tail));
        TOps.StoreSums(a, b, c, d, ref flat[results.Length * 8 + 8]);
        TOps.StoreSums(a, b, c, d, TOps.Add(a, b), TOps.Add(b, c), TOps.Add(c, d), TOps.Add(d, a), ref flat[results.Length * 8 + 12]);
        flat[^2] = TOps.Sum(a);
        flat[^1] = data.Take(8).Any(float.IsNaN) ? 0 : TOps.MaxLane(a);
        return flat;
    }
}
