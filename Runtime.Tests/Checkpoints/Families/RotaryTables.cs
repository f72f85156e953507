using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>Tables of angles as training codes store them.</summary>
internal static class RotaryTables
{
    /// <summary>(T, HS / 2): each angle once.</summary>
    public static TestTensor Once(Func<double, double> wave, double theta, int headSize, int positions = 7) =>
        Table(wave, theta, headSize, positions, headSize / 2, column => column);

    /// <summary>(T, HS): each angle beside itself, repeat_interleave(2).</summary>
    public static TestTensor Interleaved(Func<double, double> wave, double theta, int headSize, int positions = 7) =>
        Table(wave, theta, headSize, positions, headSize, column => column / 2);

    /// <summary>(T, HS): the angles twice, torch.cat((angles, angles)).</summary>
    public static TestTensor Doubled(Func<double, double> wave, double theta, int headSize, int positions = 7) =>
        Table(wave, theta, headSize, positions, headSize, column => column % (headSize / 2));

    /// <summary>(HS / 2): what a position adds to each angle.</summary>
    public static TestTensor Frequencies(double theta, int headSize) =>
        TestTensor.Of([.. Enumerable.Range(0, headSize / 2).Select(pair => (float)Math.Pow(theta, -2.0 * pair / headSize))], headSize / 2);

    /// <summary>The same table in bfloat16.</summary>
    public static TestTensor Narrow(TestTensor table) => new()
    {
        Storage = "BFloat16Storage",
        Shape = table.Shape,
        Data = MemoryMarshal.AsBytes(MemoryMarshal.Cast<byte, float>(table.Data).ToArray()
            .Select(number => (ushort)((BitConverter.SingleToUInt32Bits(number) + 0x8000) >> 16)).ToArray().AsSpan()).ToArray(),
    };

    // In float32, as training codes compute them.
    private static TestTensor Table(Func<double, double> wave, double theta, int headSize, int positions, int columns, Func<int, int> pairOf) =>
        TestTensor.Of([.. Enumerable.Range(0, positions * columns).Select(i =>
            (float)wave((float)(i / columns) * (float)Math.Pow(theta, -2.0 * pairOf(i % columns) / headSize)))], positions, columns);
}
