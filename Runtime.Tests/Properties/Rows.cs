using FsCheck;
using FsCheck.Fluent;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>Rows of logits: spread, tied, far apart, subnormal, neighbours, negative infinity.</summary>
internal static class Rows
{
    private static readonly Gen<float> Usual = Gen.Choose(-1_000_000, 1_000_000).Select(i => i / 50_000f);

    private static readonly Gen<float> Tied = Gen.Choose(-2, 2).Select(i => i / 2f);

    private static readonly Gen<float> Huge = Gen.Elements(
        float.MaxValue, float.MinValue, 1e30f, -1e30f, 88f, -87.5f, float.NegativeInfinity);

    private static readonly Gen<float> Tiny = Gen.OneOf(
        Gen.Choose(-50, 50).Select(i => i * float.Epsilon), Gen.Elements(0f, -0f, 1.1754944e-38f, -1.1754944e-38f, 1e-30f));

    // Numbers that differ in the last bits, so that the order of their exponentials hangs on the last bits too; below 0, two of them the wrong way round.
    private static readonly Gen<float> Neighbours =
        from near in Gen.Elements(-3.7f, -0.031086177f, 0)
        from steps in Gen.Choose(-10, 10)
        select near == 0 ? 0 : BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(near) + steps);

    /// <summary>The elements of a row whose largest is finite.</summary>
    public static Gen<float> Finite { get; } = Gen.OneOf(Usual, Tied, Huge, Tiny, Neighbours);

    /// <summary>Any float at all.</summary>
    public static Gen<float> Any { get; } = Gen.Frequency(
        (8, Finite), (1, Gen.Elements(float.PositiveInfinity, float.NaN, BitConverter.UInt32BitsToSingle(0xFFC0_0000))));

    /// <summary>A row of elements of one kind or of a mixture, (1 to the square of the size over 4).</summary>
    public static Gen<float[]> Of(Gen<float> mixture) => Gen.Sized(size =>
        from length in Gen.Choose(1, 1 + (size * size / 4))
        from element in Gen.Elements(Usual, Tied, Tiny, Neighbours, mixture)
        from row in element.ArrayOf(length)
        select row);
}
