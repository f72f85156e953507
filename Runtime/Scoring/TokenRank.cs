using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Scoring;

/// <summary>The place of a token among all tokens of a position.</summary>
internal static class TokenRank
{
    /// <summary>1 and the number of larger logits; NaN is larger than nothing.</summary>
    /// <param name="logits">Logits, (V).</param>
    /// <param name="token">A token id below V.</param>
    public static int Of(ReadOnlySpan<float> logits, int token)
    {
        float logit = logits[token];
        Vector256<float> own = Vector256.Create(logit);
        Vector256<int> larger = Vector256<int>.Zero;
        for (; logits.Length >= Vector256<float>.Count; logits = logits[Vector256<float>.Count..])
            larger -= Vector256.GreaterThan(Vector256.Create(logits), own).AsInt32();   // true is -1
        int rank = 1 + Vector256.Sum(larger);
        foreach (float other in logits)
            rank += other > logit ? 1 : 0;
        return rank;
    }
}
