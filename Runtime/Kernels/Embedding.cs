using System.Runtime.CompilerServices;
using MyGpt.Runtime.Kernels.WeightTypes;

namespace MyGpt.Runtime.Kernels;

/// <summary>Reads one row of an embedding as float32: y = row, or y = y + row.</summary>
internal readonly unsafe ref struct Embedding<TWeights>(byte* table, int row, Span<float> y, bool add) : IKernel
    where TWeights : struct, IWeightType
{
    private readonly byte* _row = table + (nuint)row * TWeights.RowBytes((nuint)y.Length);
    private readonly Span<float> _y = y;
    private readonly bool _add = add;

    /// <summary>Reads or adds row <c>row</c> of a (rows, C) table to y, (C).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TOps, TVec>()
        where TOps : struct, IVectorOps<TVec>
        where TVec : struct
    {
        ref float y = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(_y);
        nuint length = (nuint)_y.Length, whole = length - length % Lanes.Count;
        for (nuint i = 0; i < whole; i += Lanes.Count)
        {
            TVec e = TWeights.Load<TOps, TVec>(_row, i);
            TOps.Store(_add ? TOps.Add(TOps.Load(ref y, i), e) : e, ref y, i);
        }
        if (whole < length)
        {
            TVec e = TWeights.LoadTail<TOps, TVec>(_row, whole, length);
            TOps.StoreTail(_add ? TOps.Add(TOps.LoadTail(ref y, whole, length), e) : e, ref y, whole, length);
        }
    }
}
