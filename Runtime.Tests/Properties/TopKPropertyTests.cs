using FsCheck;
using FsCheck.Fluent;
using MyGpt.Runtime.Sampling;

namespace MyGpt.Runtime.Tests.Properties;

public class TopKPropertyTests
{
    private const float Out = float.NegativeInfinity;

    private static readonly Arbitrary<(int K, float[] Row)> Cases = Arb.From(
        from row in Rows.Of(Rows.Any)
        from k in Gen.OneOf(Gen.Choose(1, row.Length + 2), Gen.Choose(1, Math.Min(row.Length, 50)), Gen.Constant(int.MaxValue))
        select (K: k, Row: row),
        value => Simpler.Arrays(value.Row, Simpler.Floats).Where(row => row.Length > 0).Select(row => (value.K, Row: row))
            .Concat(Simpler.Integers(value.K, least: 1).Select(k => (K: k, value.Row))));

    [Fact]
    public void Apply_keeps_what_sorting_keeps()
    {
        Property.Holds(Cases, value =>
        {
            float[] actual = [.. value.Row];
            new TopK(value.K).Apply(actual);
            Assert.Equal(Tutorial(value.Row, value.K), actual);
        }, cases: 600);
    }

    // v, _ = torch.topk(logits, min(top_k, V)); logits[logits < v[-1]] = -inf. NaN, which the tutorials do not have, is least and never stays.
    private static float[] Tutorial(float[] row, int k)
    {
        if (k >= row.Length)
            return row;
        float[] sorted = [.. row.Select(logit => float.IsNaN(logit) ? Out : logit)];
        Array.Sort(sorted);
        return [.. row.Select(logit => logit >= sorted[^k] ? logit : Out)];
    }
}
