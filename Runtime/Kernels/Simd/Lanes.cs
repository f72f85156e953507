using System.Runtime.Intrinsics;

namespace MyGpt.Runtime.Kernels;

/// <summary>Eight float32 lanes as two 128-bit vectors, for machines without 256-bit ones.</summary>
internal readonly struct Lanes(Vector128<float> low, Vector128<float> high)
{
    /// <summary>
    /// Number of partial sums of every reduction, on every instruction set. Eight fill one 256-bit register, so that a tile of
    /// 3 x 4 outputs keeps all its sums in registers; docs/decisions/0001-eight-lanes.md has the measurement against sixteen.
    /// </summary>
    public const int Count = 8;

    public readonly Vector128<float> Low = low;
    public readonly Vector128<float> High = high;
}
