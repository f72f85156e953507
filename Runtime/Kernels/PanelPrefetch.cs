using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>Asks for the weights of the next panel, a few cache lines at a time, while the present one is multiplied.</summary>
/// <param name="w">The panel's first byte.</param>
/// <param name="bytes">Bytes of the panel; none where there is no next one.</param>
/// <param name="shares">How often <see cref="Next"/> will be called.</param>
internal unsafe struct PanelPrefetch(byte* w, nuint bytes, nuint shares)
{
    private const nuint CacheLine = 64;

    private readonly nuint _share = ((bytes + shares - 1) / shares + CacheLine - 1) / CacheLine * CacheLine;
    private readonly byte* _end = w + bytes;
    private byte* _at = w;

    /// <summary>Asks for the next share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Next()
    {
        byte* end = (byte*)nuint.Min((nuint)_at + _share, (nuint)_end);
        for (; _at < end; _at += CacheLine)
            Simd.PrefetchFar(_at);
    }
}
