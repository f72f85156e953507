namespace MyGpt.CommandLine.Doctor.Reference;

/// <summary>Norms of a row in the order of docs/numerics.md, one number after the other.</summary>
internal static class PlainNorm
{
    private const int Lanes = 8;

    /// <summary>(x - mean) / sqrt(variance + epsilon) * gain + bias; an empty gain or bias is none.</summary>
    public static float[] Layer(ReadOnlySpan<float> x, float[] gain, float[] bias, float epsilon)
    {
        float mean = CanonicalSum.Of(x) / x.Length;
        float[] centred = new float[x.Length];
        for (int i = 0; i < x.Length; i++)
            centred[i] = x[i] - mean;

        // Whole vectors by lanes; the last few one by one, after the tree.
        int whole = x.Length / Lanes * Lanes;
        float squares = CanonicalSum.OfProducts(centred.AsSpan(0, whole), centred.AsSpan(0, whole));
        for (int i = whole; i < x.Length; i++)
            squares = MathF.FusedMultiplyAdd(centred[i], centred[i], squares);
        return Scale(centred, squares, gain, bias, epsilon);
    }

    /// <summary>x / sqrt(mean square + epsilon) * gain + bias; an empty gain or bias is none.</summary>
    public static float[] RootMeanSquare(ReadOnlySpan<float> x, float[] gain, float[] bias, float epsilon) =>
        Scale(x, CanonicalSum.OfProducts(x, x), gain, bias, epsilon);

    private static float[] Scale(ReadOnlySpan<float> x, float squares, float[] gain, float[] bias, float epsilon)
    {
        float scale = 1 / MathF.Sqrt((squares / x.Length) + epsilon);
        float[] y = new float[x.Length];
        for (int i = 0; i < y.Length; i++)
            y[i] = MathF.FusedMultiplyAdd(x[i] * scale, gain.Length == 0 ? 1 : gain[i], bias.Length == 0 ? 0 : bias[i]);
        return y;
    }
}
