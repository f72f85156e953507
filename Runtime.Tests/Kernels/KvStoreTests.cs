using MyGpt.Runtime.Kernels;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Tests.Kernels;

public unsafe class KvStoreTests
{
    private const ushort Untouched = 0xABCD;

    // float32 bits, and the bits of the nearest bfloat16: halves of the numbers around it decide, ties go to the even one.
    public static TheoryData<uint, int> Roundings => new()
    {
        { 0x00000000, 0x0000 },
        { 0x80000000, 0x8000 },
        { 0x3F800000, 0x3F80 },
        { 0x3F807FFF, 0x3F80 },
        { 0x3F808000, 0x3F80 },   // a tie, down to even
        { 0x3F808001, 0x3F81 },
        { 0x3F818000, 0x3F82 },   // a tie, up to even
        { 0xBF818000, 0xBF82 },
        { 0x3FFFFFFF, 0x4000 },   // into the next power of two
        { 0x00000001, 0x0000 },
        { 0x00008001, 0x0001 },   // the smallest subnormal there is
        { 0x7F7F7FFF, 0x7F7F },
        { 0x7F7F8000, 0x7F80 },   // beyond the largest
        { 0x7F800000, 0x7F80 },
        { 0xFF800000, 0xFF80 },
        { 0x7FC00000, 0x7FC0 },
        { 0x7F800001, 0x7FC0 },   // a NaN whose upper half is an infinity
        { 0xFFFFFFFF, 0xFFFF },
    };

    [Theory]
    [MemberData(nameof(Roundings))]
    public void Bf16_is_the_nearest_ties_to_even(uint bits, int expected)
    {
        float value = BitConverter.UInt32BitsToSingle(bits);
        ushort one = 0;
        Bf16Rows.Store(value, (byte*)&one, 0);
        Assert.Equal(expected, one);
        foreach (int length in new[] { 1, 7, 8, 9, 16, 21 })
        {
            float[] row = new float[length];
            for (int at = 0; at < length; at++)
            {
                Array.Clear(row);
                row[at] = value;
                ushort[] stored = new ushort[length + 1];
                stored[length] = Untouched;
                fixed (ushort* y = stored)
                    Bf16Rows.Store(row, (byte*)y);
                Assert.Equal(expected, stored[at]);
                Assert.Equal(Untouched, stored[length]);
                Assert.All(stored.Where((_, i) => i != at && i != length), other => Assert.Equal(0, other));
            }
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(10, 3)]
    [InlineData(24, 2)]
    public void Page_holds_transposed_keys_and_values_of_its_slots_alone(int headDim, int kvHeads)
    {
        var layout = new KvPage(layerCount: 2, kvHeads, headDim);
        float[] k = Sample.Floats(headDim, 1, spread: 2), v = Sample.Floats(headDim, 2, spread: 2);
        uint[] wide = new uint[layout.Length];
        ushort[] narrow = new ushort[layout.Length];
        Array.Fill(wide, Untouched);
        Array.Fill(narrow, Untouched);
        fixed (float* pk = k, pv = v)
        fixed (uint* w = wide)
        fixed (ushort* n = narrow)
        {
            layout.Store<F32Rows>((byte*)w, layer: 1, kvHead: kvHeads - 1, slot: 63, pk, pv);
            layout.Store<Bf16Rows>((byte*)n, layer: 1, kvHead: kvHeads - 1, slot: 63, pk, pv);
        }
        int head = ((kvHeads + kvHeads - 1) * 2) * 64 * headDim, stored = 0;
        for (int i = 0; i < wide.Length; i++)
        {
            int inKeys = i - head, inValues = inKeys - (64 * headDim);
            float? expected = inKeys >= 0 && inValues < 0 && inKeys % 64 == 63 ? k[inKeys / 64] : inValues >= 63 * headDim ? v[inValues - (63 * headDim)] : null;
            Assert.Equal(expected is { } value ? BitConverter.SingleToUInt32Bits(value) : Untouched, wide[i]);
            Assert.Equal(expected is { } rounded ? MyGpt.Runtime.Tests.Weights.TinyModels.ToBf16(rounded) : Untouched, narrow[i]);
            stored += expected is null ? 0 : 1;
        }
        Assert.Equal(2 * headDim, stored);
    }
}
