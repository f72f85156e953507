namespace MyGpt.Runtime.Tests.Reference;

/// <summary>
/// The parts of a GPT as tutorials write them, in double precision and as plainly as they can be written. A test puts them together in
/// the order of its tutorial's forward(). Rows are tokens: x[t][i].
/// </summary>
internal static class TutorialParts
{
    /// <summary>Rows of a table.</summary>
    public static double[][] Embed(double[] table, int width, IEnumerable<int> rows) => [.. rows.Select(row => table[(row * width)..((row + 1) * width)])];

    public static double[][] Add(double[][] x, double[][] y) => [.. x.Zip(y, (a, b) => a.Zip(b, (one, other) => one + other).ToArray())];

    public static double[][] Multiply(double[][] x, double[][] y) => [.. x.Zip(y, (a, b) => a.Zip(b, (one, other) => one * other).ToArray())];

    public static double[][] Each(double[][] x, Func<double, double> f) => [.. x.Select(row => row.Select(f).ToArray())];

    /// <summary>Columns from <paramref name="first"/> on.</summary>
    public static double[][] Slice(double[][] x, int first, int count) => [.. x.Select(row => row[first..(first + count)])];

    /// <summary>Columns of several side by side: torch.cat(dim=-1).</summary>
    public static double[][] Concat(params double[][][] parts) => [.. parts[0].Select((_, t) => parts.SelectMany(part => part[t]).ToArray())];

    /// <summary>nn.Linear: x W^T + b with W of (out, in).</summary>
    public static double[][] Linear(double[][] x, double[] weight, double[]? bias = null) => [.. x.Select(row =>
        Enumerable.Range(0, weight.Length / row.Length).Select(o =>
        {
            double sum = bias?[o] ?? 0;
            for (int i = 0; i < row.Length; i++)
                sum += weight[(o * row.Length) + i] * row[i];
            return sum;
        }).ToArray())];

    public static double[][] LayerNorm(double[][] x, double[] gain, double[]? bias = null, double epsilon = 1e-5) => [.. x.Select(row =>
    {
        double mean = row.Average(), variance = row.Average(v => (v - mean) * (v - mean));
        return row.Select((v, i) => ((v - mean) / Math.Sqrt(variance + epsilon) * gain[i]) + (bias?[i] ?? 0)).ToArray();
    })];

    public static double[][] RmsNorm(double[][] x, double[] gain, double epsilon = 1e-5) => [.. x.Select(row =>
    {
        double square = row.Average(v => v * v);
        return row.Select((v, i) => v / Math.Sqrt(square + epsilon) * gain[i]).ToArray();
    })];

    /// <summary>One head: softmax(q k^T / sqrt(HS)) v, each token looking at itself and those before it.</summary>
    public static double[][] Head(double[][] q, double[][] k, double[][] v) => [.. q.Select((query, t) =>
    {
        double[] scores = [.. Enumerable.Range(0, t + 1).Select(s => query.Zip(k[s], (a, b) => a * b).Sum() / Math.Sqrt(query.Length))];
        double[] weights = [.. scores.Select(score => Math.Exp(score - scores.Max()))];
        return Enumerable.Range(0, query.Length).Select(d => weights.Select((weight, s) => weight * v[s][d]).Sum() / weights.Sum()).ToArray();
    })];

    /// <summary>All heads side by side; each key/value head serves the same number of neighbouring query heads.</summary>
    public static double[][] Heads(double[][] q, double[][] k, double[][] v, int heads, int kvHeads, Func<double[], int, double[]>? rotate = null)
    {
        int size = q[0].Length / heads;
        return Concat([.. Enumerable.Range(0, heads).Select(head =>
        {
            int shared = head / (heads / kvHeads) * size;
            return Head(Rotated(Slice(q, head * size, size)), Rotated(Slice(k, shared, size)), Slice(v, shared, size));
        })]);

        double[][] Rotated(double[][] x) => rotate is null ? x : [.. x.Select(rotate)];
    }

    /// <summary>Turns elements 2i and 2i + 1 by position * base^(-2i / HS).</summary>
    public static Func<double[], int, double[]> Pairs(double theta) => (x, position) => Turn(x, position, theta, i => (2 * i, (2 * i) + 1));

    /// <summary>Turns elements i and i + HS / 2: x cos + rotate_half(x) sin.</summary>
    public static Func<double[], int, double[]> Halves(double theta) => (x, position) => Turn(x, position, theta, i => (i, i + (x.Length / 2)));

    public static double GeluErf(double x) => x * Normal.Cdf(x);

    public static double GeluTanh(double x) => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x))));

    public static double Relu(double x) => Math.Max(x, 0);

    public static double Silu(double x) => x / (1 + Math.Exp(-x));

    private static double[] Turn(double[] x, int position, double theta, Func<int, (int First, int Second)> pair)
    {
        double[] y = [.. x];
        for (int i = 0; i < x.Length / 2; i++)
        {
            double angle = position * Math.Pow(theta, -2.0 * i / x.Length);
            (int first, int second) = pair(i);
            y[first] = (x[first] * Math.Cos(angle)) - (x[second] * Math.Sin(angle));
            y[second] = (x[first] * Math.Sin(angle)) + (x[second] * Math.Cos(angle));
        }
        return y;
    }
}
