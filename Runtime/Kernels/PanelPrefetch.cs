using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Asks for the weights of the next panel, a few cache lines at a time, while the present one is multiplied.</summary>
/// <param name="w">The panel's first row.</param>
/// <param name="rowBytes">Bytes from row to row.</param>
/// <param name="rows">Rows of the panel; none or fewer ask for nothing.</param>
/// <param name="bytes">Bytes of each row that belong to the panel.</param>
/// <param name="shares">How often <see cref="Next"/> will be called.</param>
internal unsafe struct PanelPrefetch(byte* w, nuint rowBytes, int rows, nuint bytes, int shares)
{
    private const nuint CacheLine = 64;

    private readonly int _linesPerShare = (int)(((nuint)Math.Max(rows, 0) * ((bytes + CacheLine - 1) / CacheLine) + (nuint)shares - 1) / (nuint)shares);
    private byte* _row = w;
    private nuint _at;
    private int _rows = rows;

    /// <summary>Asks for the next share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        for (int i = 0; i < _linesPerShare && _rows > 0; i++)
        {
            Simd.PrefetchFar(_row + _at);
            _at += CacheLine;
            if (_at >= bytes)
            {
                _at = 0;
                _row += rowBytes;
                _rows--;
            }
        }
    }
}
