namespace MyGpt.Runtime.Kernels;

/// <summary>
/// By how much rotary positions turn each pair of a head: pair i at position p by p * base^(-2i / HS) radians.
/// </summary>
/// <remarks>
/// Frequencies and angles are rounded to float32 where PyTorch code rounds them, since the weights were trained with those angles:
/// at position 4000 they are 1e-4 radians away from the exact ones. The sine and cosine of the rounded angle are then as good as
/// float32 can hold. A position is written when it is needed, once for all heads and layers: a table for every position would grow
/// with T_max * HS, which a file may claim to be 2^37.
/// </remarks>
internal sealed class RotaryAngles
{
    private readonly float[] _frequencies;   // (HS / 2), at most 1
    private readonly int _step, _distance;

    private RotaryAngles(int headDim, float rotaryBase, int step, int distance)
    {
        _frequencies = new float[headDim / 2];
        _step = step;
        _distance = distance;
        for (int i = 0; i < _frequencies.Length; i++)
            _frequencies[i] = 1f / (float)DoubleMath.Power(rotaryBase, 2f * i / headDim);
    }

    /// <summary>Angles for <see cref="RotaryPairs"/>.</summary>
    /// <param name="headDim">HS, even.</param>
    /// <param name="rotaryBase">A finite number of 1 or more.</param>
    public static RotaryAngles ForPairs(int headDim, float rotaryBase) => new(headDim, rotaryBase, step: 2, distance: 1);

    /// <summary>Angles for <see cref="RotaryHalves"/>.</summary>
    /// <param name="headDim">HS, even.</param>
    /// <param name="rotaryBase">A finite number of 1 or more.</param>
    public static RotaryAngles ForHalves(int headDim, float rotaryBase) => new(headDim, rotaryBase, step: 1, distance: headDim / 2);

    /// <summary>Writes one position's cosines and sines as the kernels read them.</summary>
    /// <param name="position">0 to 2^20.</param>
    /// <param name="cos">Cosine of each element's angle, (HS).</param>
    /// <param name="sin">Sine of each element's angle, negative for the first of a pair, (HS).</param>
    public void Write(int position, Span<float> cos, Span<float> sin)
    {
        for (int i = 0; i < _frequencies.Length; i++)
        {
            (double sine, double cosine) = DoubleMath.SinCos(position * _frequencies[i]);
            int first = i * _step, second = first + _distance;
            cos[first] = cos[second] = (float)cosine;
            sin[second] = (float)sine;
            sin[first] = -sin[second];
        }
    }

    /// <summary>The check at the door of both kernels.</summary>
    public static void RequireShape(int x, int cos, int sin)
    {
        Require.NotEmpty(cos);
        Require.Multiple(cos, 2);
        Require.Length(sin, cos);
        Require.Multiple(x, cos);
    }
}
