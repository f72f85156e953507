using MyGpt.Checkpoints.Tensors;

namespace MyGpt.Checkpoints.Containers.Gguf;

/// <summary>
/// A stretch of blocks, unpacked: the one that was asked for last. All tensors of a file share it, so that a list of many small ones
/// costs no buffers.
/// </summary>
internal sealed class BlockStretch
{
    /// <summary>Numbers in a stretch. 16 kB: a read of the file is worth its call, and elements that are far apart cost little.</summary>
    public const int Numbers = Blocks * BlockFormat.Size;

    private const int Blocks = 128;

    private readonly byte[] _packed = new byte[Blocks * BlockFormat.MostBytes];
    private readonly float[] _numbers = new float[Numbers];
    private TensorStorage? _heldOf;
    private long _held;

    /// <summary>Unpacks a stretch, unless it is the one from the last time.</summary>
    /// <param name="blocks">The packed bytes: whole blocks.</param>
    /// <param name="format">How they are packed.</param>
    /// <param name="stretch">Which stretch of them.</param>
    /// <returns>Its numbers, valid until the next call; those behind the last block of <paramref name="blocks"/> mean nothing.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public ReadOnlySpan<float> Hold(TensorStorage blocks, BlockFormat format, long stretch)
    {
        if (ReferenceEquals(_heldOf, blocks) && stretch == _held)
            return _numbers;
        _heldOf = null;   // should the read fail
        int whole = Blocks * format.Bytes;
        long start = stretch * whole;
        Span<byte> packed = _packed.AsSpan(0, (int)Math.Min(whole, blocks.Length - start));
        blocks.Read(start, packed);
        for (int block = 0; block < packed.Length / format.Bytes; block++)
            format.Unpack(packed.Slice(block * format.Bytes, format.Bytes), _numbers.AsSpan(block * BlockFormat.Size, BlockFormat.Size));
        (_heldOf, _held) = (blocks, stretch);
        return _numbers;
    }
}
