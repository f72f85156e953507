using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>
/// Six rows for sixteen tokens, one lane of the canonical sums at a time: twelve registers of outputs, two of inputs and one weight, broadcast, are
/// 15 of AVX2's 16.
/// </summary>
/// <remarks>
/// Lane j of an output adds the products of columns j, j + 8, j + 16 ...; here it stands beside lane j of other tokens instead of its own other
/// lanes. A tile then needs an eighth of the weights that a tile of four rows and three tokens of whole outputs does, and the lanes are added up without shuffles.
/// </remarks>
internal static unsafe class PackedTile
{
    /// <summary>Rows of weights.</summary>
    public const int Rows = 6;

    /// <summary>Tokens: two registers.</summary>
    public const int Tokens = 2 * Lanes.Count;

    /// <summary>Outputs.</summary>
    public const int Outputs = Rows * Tokens;

    /// <summary>Columns of a lane: of each eight, one.</summary>
    public static int Steps(int columns) => (columns + Lanes.Count - 1) / Lanes.Count;

    /// <summary>Computes one lane and adds the lanes before it, as far as the tree of the sums allows.</summary>
    /// <param name="w">Weights of the lane, (steps, 6).</param>
    /// <param name="x">Inputs of the lane, (steps, 16).</param>
    /// <param name="steps">Columns of the lane, 1 or more.</param>
    /// <param name="sums">Where the lane goes, (6, 16); sums that wait to be joined lie below it.</param>
    /// <param name="level">Floats from one waiting sum to the next.</param>
    /// <param name="joined">How many of them are added, the latest first; the result replaces the last of them.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Run<TOps, TVec>(float* w, float* x, nuint steps, float* sums, nint level, int joined)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec s00 = TOps.Broadcast(0f), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00;
        TVec s30 = s00, s31 = s00, s40 = s00, s41 = s00, s50 = s00, s51 = s00;
        float* end = w + steps * Rows;
        do
        {
            TVec a0 = TOps.Load(ref *x, 0), a1 = TOps.Load(ref *x, 8);
            TVec b = TOps.Broadcast(w[0]);
            s00 = TOps.MultiplyAdd(b, a0, s00);
            s01 = TOps.MultiplyAdd(b, a1, s01);
            b = TOps.Broadcast(w[1]);
            s10 = TOps.MultiplyAdd(b, a0, s10);
            s11 = TOps.MultiplyAdd(b, a1, s11);
            b = TOps.Broadcast(w[2]);
            s20 = TOps.MultiplyAdd(b, a0, s20);
            s21 = TOps.MultiplyAdd(b, a1, s21);
            b = TOps.Broadcast(w[3]);
            s30 = TOps.MultiplyAdd(b, a0, s30);
            s31 = TOps.MultiplyAdd(b, a1, s31);
            b = TOps.Broadcast(w[4]);
            s40 = TOps.MultiplyAdd(b, a0, s40);
            s41 = TOps.MultiplyAdd(b, a1, s41);
            b = TOps.Broadcast(w[5]);
            s50 = TOps.MultiplyAdd(b, a0, s50);
            s51 = TOps.MultiplyAdd(b, a1, s51);
            w += Rows;
            x += Tokens;
        }
        while (w != end);
        for (; joined > 0; joined--)
        {
            sums -= level;
            s00 = TOps.Add(s00, TOps.Load(ref *sums, 0));
            s01 = TOps.Add(s01, TOps.Load(ref *sums, 8));
            s10 = TOps.Add(s10, TOps.Load(ref *sums, 16));
            s11 = TOps.Add(s11, TOps.Load(ref *sums, 24));
            s20 = TOps.Add(s20, TOps.Load(ref *sums, 32));
            s21 = TOps.Add(s21, TOps.Load(ref *sums, 40));
            s30 = TOps.Add(s30, TOps.Load(ref *sums, 48));
            s31 = TOps.Add(s31, TOps.Load(ref *sums, 56));
            s40 = TOps.Add(s40, TOps.Load(ref *sums, 64));
            s41 = TOps.Add(s41, TOps.Load(ref *sums, 72));
            s50 = TOps.Add(s50, TOps.Load(ref *sums, 80));
            s51 = TOps.Add(s51, TOps.Load(ref *sums, 88));
        }
        TOps.Store(s00, ref *sums, 0);
        TOps.Store(s01, ref *sums, 8);
        TOps.Store(s10, ref *sums, 16);
        TOps.Store(s11, ref *sums, 24);
        TOps.Store(s20, ref *sums, 32);
        TOps.Store(s21, ref *sums, 40);
        TOps.Store(s30, ref *sums, 48);
        TOps.Store(s31, ref *sums, 56);
        TOps.Store(s40, ref *sums, 64);
        TOps.Store(s41, ref *sums, 72);
        TOps.Store(s50, ref *sums, 80);
        TOps.Store(s51, ref *sums, 88);
    }

    /// <summary>The same for two groups of rows and the first eight tokens: as many sums, for few tokens at the end.</summary>
    /// <param name="w">Weights of the lane, (2 groups, steps, 6).</param>
    /// <param name="x">Inputs of the lane, (steps, 16).</param>
    /// <param name="steps">Columns of the lane, 1 or more.</param>
    /// <param name="sums">Where the lane goes, (2, 6, 16), as for <see cref="Run"/>; the last eight tokens are left alone.</param>
    /// <param name="level">Floats from one waiting sum to the next.</param>
    /// <param name="joined">How many of them are added.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void RunNarrow<TOps, TVec>(float* w, float* x, nuint steps, float* sums, nint level, int joined)
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        TVec s0 = TOps.Broadcast(0f), s1 = s0, s2 = s0, s3 = s0, s4 = s0, s5 = s0, s6 = s0, s7 = s0, s8 = s0, s9 = s0, s10 = s0, s11 = s0;
        float* end = w + steps * Rows, v = end;
        do
        {
            TVec a = TOps.Load(ref *x, 0);
            s0 = TOps.MultiplyAdd(TOps.Broadcast(w[0]), a, s0);
            s1 = TOps.MultiplyAdd(TOps.Broadcast(w[1]), a, s1);
            s2 = TOps.MultiplyAdd(TOps.Broadcast(w[2]), a, s2);
            s3 = TOps.MultiplyAdd(TOps.Broadcast(w[3]), a, s3);
            s4 = TOps.MultiplyAdd(TOps.Broadcast(w[4]), a, s4);
            s5 = TOps.MultiplyAdd(TOps.Broadcast(w[5]), a, s5);
            s6 = TOps.MultiplyAdd(TOps.Broadcast(v[0]), a, s6);
            s7 = TOps.MultiplyAdd(TOps.Broadcast(v[1]), a, s7);
            s8 = TOps.MultiplyAdd(TOps.Broadcast(v[2]), a, s8);
            s9 = TOps.MultiplyAdd(TOps.Broadcast(v[3]), a, s9);
            s10 = TOps.MultiplyAdd(TOps.Broadcast(v[4]), a, s10);
            s11 = TOps.MultiplyAdd(TOps.Broadcast(v[5]), a, s11);
            w += Rows;
            v += Rows;
            x += Tokens;
        }
        while (w != end);
        for (; joined > 0; joined--)
        {
            sums -= level;
            s0 = TOps.Add(s0, TOps.Load(ref *sums, 0));
            s1 = TOps.Add(s1, TOps.Load(ref *sums, 16));
            s2 = TOps.Add(s2, TOps.Load(ref *sums, 32));
            s3 = TOps.Add(s3, TOps.Load(ref *sums, 48));
            s4 = TOps.Add(s4, TOps.Load(ref *sums, 64));
            s5 = TOps.Add(s5, TOps.Load(ref *sums, 80));
            s6 = TOps.Add(s6, TOps.Load(ref *sums, 96));
            s7 = TOps.Add(s7, TOps.Load(ref *sums, 112));
            s8 = TOps.Add(s8, TOps.Load(ref *sums, 128));
            s9 = TOps.Add(s9, TOps.Load(ref *sums, 144));
            s10 = TOps.Add(s10, TOps.Load(ref *sums, 160));
            s11 = TOps.Add(s11, TOps.Load(ref *sums, 176));
        }
        TOps.Store(s0, ref *sums, 0);
        TOps.Store(s1, ref *sums, 16);
        TOps.Store(s2, ref *sums, 32);
        TOps.Store(s3, ref *sums, 48);
        TOps.Store(s4, ref *sums, 64);
        TOps.Store(s5, ref *sums, 80);
        TOps.Store(s6, ref *sums, 96);
        TOps.Store(s7, ref *sums, 112);
        TOps.Store(s8, ref *sums, 128);
        TOps.Store(s9, ref *sums, 144);
        TOps.Store(s10, ref *sums, 160);
        TOps.Store(s11, ref *sums, 176);
    }
}
