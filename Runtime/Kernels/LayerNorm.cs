using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Layer norm of one row: y[i] = (x[i] - mean) / sqrt(variance + epsilon) * gain[i] + bias[i].</summary>
/// <remarks>
/// Ba et al. 2016, arXiv:1607.06450. The variance is the mean of (x - mean)^2 in a pass of its own: the one-pass form cancels.
/// Error bound in docs/numerics.md.
/// </remarks>
public static class LayerNorm
{
    /// <summary>Normalises one row.</summary>
    /// <param name="x">Input row, (C).</param>
    /// <param name="gain">Learned scale, (C), or empty for none.</param>
    /// <param name="bias">Learned shift, (C), or empty for none.</param>
    /// <param name="epsilon">Added to the variance; 1e-5 in the checkpoints we convert.</param>
    /// <param name="y">Destination, (C). May be the same span as <paramref name="x"/>, else must not overlap it.</param>
    /// <exception cref="ArgumentException">The lengths differ, or the row is empty.</exception>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
    {
        Require.NotEmpty(x.Length);
        if (!gain.IsEmpty)
            Require.Length(gain.Length, x.Length);
        if (!bias.IsEmpty)
            Require.Length(bias.Length, x.Length);
        Require.Length(y.Length, x.Length);
        Simd.Run(new Kernel(x, gain, bias, epsilon, y));
    }

    internal readonly ref struct Kernel(ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, float epsilon, Span<float> y)
        : IKernel
    {
        private readonly ReadOnlySpan<float> _x = x, _gain = gain, _bias = bias;
        private readonly Span<float> _y = y;
        private readonly float _epsilon = epsilon;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TOps, TVec>()
            where TOps : struct, IVectorOps<TVec>
            where TVec : struct
        {
            ref float x = ref MemoryMarshal.GetReference(_x), y = ref MemoryMarshal.GetReference(_y);
            ref float gain = ref MemoryMarshal.GetReference(_gain), bias = ref MemoryMarshal.GetReference(_bias);
            nuint length = (nuint)_x.Length, whole = length - length % Lanes.Count;

            TVec sums = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
                sums = TOps.Add(sums, TOps.Load(ref x, i));
            sums = TOps.Add(sums, TOps.LoadTail(ref x, whole, length));
            float average = TOps.Sum(sums) / length;
            TVec mean = TOps.Broadcast(average);

            TVec squares = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
            {
                TVec d = TOps.Subtract(TOps.Load(ref x, i), mean);
                squares = TOps.MultiplyAdd(d, d, squares);
            }
            float sum = TOps.Sum(squares);
            for (nuint i = whole; i < length; i++)   // a zero-filled tail would add (0 - mean)^2 in the empty lanes
            {
                float d = Unsafe.Add(ref x, i) - average;
                sum = MathF.FusedMultiplyAdd(d, d, sum);
            }

            TVec scale = TOps.Broadcast(1f / MathF.Sqrt(sum / length + _epsilon));
            bool hasGain = !_gain.IsEmpty, hasBias = !_bias.IsEmpty;
            TVec one = TOps.Broadcast(1f), zero = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
            {
                TVec normed = TOps.Multiply(TOps.Subtract(TOps.Load(ref x, i), mean), scale);
                TVec factor = hasGain ? TOps.Load(ref gain, i) : one, shift = hasBias ? TOps.Load(ref bias, i) : zero;
                TOps.Store(TOps.MultiplyAdd(normed, factor, shift), ref y, i);
            }
            if (whole < length)
            {
                TVec normed = TOps.Multiply(TOps.Subtract(TOps.LoadTail(ref x, whole, length), mean), scale);
                TVec factor = hasGain ? TOps.LoadTail(ref gain, whole, length) : one, shift = hasBias ? TOps.LoadTail(ref bias, whole, length) : zero;
                TOps.StoreTail(TOps.MultiplyAdd(normed, factor, shift), ref y, whole, length);
            }
        }
    }
}
