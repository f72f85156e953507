using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using MyGpt.Runtime.Kernels;

namespace MyGpt.Runtime.Model;

/// <summary>Keys and values of one sequence, all layers. Memory is taken a page of 64 positions at a time, as positions come to be used.</summary>
public sealed unsafe class KvCache : IDisposable
{
    private readonly nint[] _pages;   // pinned, byte* of each page, (T_max / 64)
    private readonly byte** _table;  // the same, as kernels see it
    private bool _disposed;

    /// <summary>Makes an empty cache.</summary>
    /// <param name="config">The model whose keys and values it holds.</param>
    /// <param name="kvType">What it holds them as.</param>
    /// <exception cref="ArgumentOutOfRangeException">The type is no member of the enum.</exception>
    public KvCache(GptConfig config, KvType kvType = KvType.F32)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (!Enum.IsDefined(kvType))
            throw new ArgumentOutOfRangeException(nameof(kvType), kvType, "Must be F32 or Bf16.");
        KvType = kvType;
        Layout = new KvPage(config.LayerCount, config.KvHeadCount, config.HeadDim);
        Capacity = config.ContextLength;
        int pages = (Capacity + KvPage.Positions - 1) / KvPage.Positions;
        _pages = GC.AllocateArray<nint>(pages, pinned: true);
        _table = (byte**)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(_pages));
    }

    /// <summary>Frees the pages of a cache that was not disposed.</summary>
    ~KvCache() => Free();

    /// <summary>What keys and values are held as.</summary>
    public KvType KvType { get; }

    /// <summary>Number of tokens whose keys and values are held.</summary>
    public int Length { get; private set; }

    /// <summary>T_max: the most tokens it can hold.</summary>
    public int Capacity { get; }

    internal KvPage Layout { get; }

    /// <summary>Addresses of the pages, (Capacity / 64 rounded up); null where none is taken yet.</summary>
    internal byte** Pages => _table;

    // The memory of a page, in the unit in which it is taken: a whole number, as a page has 128 elements or a multiple.
    private long PageFloats => Layout.Length * KvType.ElementBytes() / sizeof(float);

    /// <summary>Forgets all tokens from a position on, as if they had never been there.</summary>
    /// <param name="length">Number of tokens to keep, 0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }

    /// <summary>Becomes a copy of another cache of the same model.</summary>
    /// <param name="other">The cache to copy; it stays as it is.</param>
    /// <exception cref="ArgumentException">The caches are of models of different shape, or of different type.</exception>
    public void CopyFrom(KvCache other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (!other.Layout.IsSame(Layout) || other.Capacity != Capacity)
            throw new ArgumentException("The cache belongs to a model of another shape.", nameof(other));
        if (other.KvType != KvType)
            throw new ArgumentException($"A cache of {other.KvType.Code()} found, {KvType.Code()} needed.", nameof(other));
        Length = 0;
        Append(other.Length);
        for (int page = 0; page * KvPage.Positions < Length; page++)
            Buffer.MemoryCopy(other._table[page], _table[page], PageFloats * sizeof(float), PageFloats * sizeof(float));
    }

    /// <summary>Makes room for more tokens; Forward stores their keys and values.</summary>
    internal void Append(int tokens)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int length = Length + tokens;
        for (int page = Length / KvPage.Positions; page * KvPage.Positions < length; page++)
        {
            if (_table[page] == null)
                _table[page] = (byte*)NativeBuffer.Allocate(PageFloats);
        }
        Length = length;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        _disposed = true;
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        foreach (ref nint page in _pages.AsSpan())
        {
            if (page != 0)
                NativeBuffer.Free((float*)page, PageFloats);
            page = 0;
        }
        Length = 0;
    }
}
