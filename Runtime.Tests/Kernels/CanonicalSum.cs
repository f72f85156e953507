namespace MyGpt.Runtime.Tests.Kernels;

/// <summary>The definition of every output of a float32 or bf16 layer.</summary>
internal static class CanonicalSum
{
    /// <summary>Lane j adds products j, j + 8, ... in order, fused; then the fixed tree.</summary>
    public static float Of(ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        float[] lanes = new float[8];
        for (int i = 0; i < w.Length; i++)
            lanes[i % 8] = MathF.FusedMultiplyAdd(w[i], x[i], lanes[i % 8]);
        return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
    }
}
