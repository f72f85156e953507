using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Kernels;

/// <summary>How a decoded token asks for weights before it reads them.</summary>
internal unsafe interface IPrefetch
{
    /// <summary>Bytes from what is read to what is asked for, or a little more.</summary>
    static abstract nuint Distance { get; }

    /// <summary>Asks for a cache line.</summary>
    static abstract void Ask(byte* address);
}

/// <summary>Into the first-level cache, as far ahead as the L3 cache needs to answer: for tiles so short that what was asked for is still there.</summary>
internal readonly unsafe struct NearPrefetch : IPrefetch
{
    /// <summary>The distance, and the longest tile.</summary>
    public const int Bytes = 8 << 10;

    public static nuint Distance => Bytes;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask(byte* address) => Simd.Prefetch(address);
}

/// <summary>Into the second-level cache: a long tile's rows are asked for in the order of memory, long before they are read side by side.</summary>
internal readonly unsafe struct FarPrefetch : IPrefetch
{
    public static nuint Distance => 32 << 10;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Ask(byte* address) => Simd.PrefetchFar(address);
}
