using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Kernels;

/// <summary>Rotary positions over rows of tokens: each token's queries and keys are rotated in place.</summary>
internal unsafe struct RotaryRows : IRowJob
{
    /// <summary><see cref="RotaryPairs.Apply"/> or <see cref="RotaryHalves.Apply"/>.</summary>
    public delegate*<Span<float>, ReadOnlySpan<float>, ReadOnlySpan<float>, void> Rotate;

    /// <summary>Queries, keys and values, (T, QkvDim).</summary>
    public float* Qkv;

    /// <summary>Cosines and sines of each token's position, (T, 2, HS).</summary>
    public float* Angles;

    public int QkvDim;

    /// <summary>Floats of a token that are rotated, (NH + NKV) * HS: the queries and keys, which come first.</summary>
    public int RotatedDim;

    public int HeadDim;

    /// <summary>Rotates all tokens.</summary>
    /// <param name="partition">Who does it.</param>
    /// <param name="tokens">T.</param>
    public readonly void Run(RowPartition partition, int tokens) =>
        partition.Run(this, tokens, grain: 1, work: (long)tokens * RotatedDim * 2);

    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Run(int first, int end, int worker)
    {
        for (int t = first; t < end; t++)
        {
            float* cos = Angles + (nint)t * 2 * HeadDim;
            Rotate(new Span<float>(Qkv + (nint)t * QkvDim, RotatedDim), new ReadOnlySpan<float>(cos, HeadDim), new ReadOnlySpan<float>(cos + HeadDim, HeadDim));
        }
    }
}
