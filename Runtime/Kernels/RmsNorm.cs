using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Root-mean-square norm of one row: y[i] = x[i] / sqrt(mean(x^2) + epsilon) * gain[i] + bias[i].</summary>
/// <remarks>Zhang and Sennrich 2019, arXiv:1910.07467. Error bound in docs/numerics.md.</remarks>
public static class RmsNorm
{
    /// <summary>Normalises one row.</summary>
    /// <param name="x">Input row, (C).</param>
    /// <param name="gain">Learned scale, (C), or empty for none.</param>
    /// <param name="bias">Learned shift, (C), or empty for none.</param>
    /// <param name="epsilon">Added to the mean square; 1e-5 in the checkpoints we convert.</param>
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

            TVec squares = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
            {
                TVec v = TOps.Load(ref x, i);
                squares = TOps.MultiplyAdd(v, v, squares);
            }
            TVec tail = TOps.LoadTail(ref x, whole, length);
            squares = TOps.MultiplyAdd(tail, tail, squares);

            TVec scale = TOps.Broadcast(1f / MathF.Sqrt(TOps.Sum(squares) / length + _epsilon));
            bool hasGain = !_gain.IsEmpty, hasBias = !_bias.IsEmpty;
            TVec one = TOps.Broadcast(1f), zero = TOps.Broadcast(0f);
            for (nuint i = 0; i < whole; i += Lanes.Count)
            {
                TVec factor = hasGain ? TOps.Load(ref gain, i) : one, shift = hasBias ? TOps.Load(ref bias, i) : zero;
                TOps.Store(TOps.MultiplyAdd(TOps.Multiply(TOps.Load(ref x, i), scale), factor, shift), ref y, i);
            }
            if (whole < length)
            {
                TVec factor = hasGain ? TOps.LoadTail(ref gain, whole, length) : one, shift = hasBias ? TOps.LoadTail(ref bias, whole, length) : zero;
                TOps.StoreTail(TOps.MultiplyAdd(TOps.Multiply(tail, scale), factor, shift), ref y, whole, length);
            }
        }
    }
}
