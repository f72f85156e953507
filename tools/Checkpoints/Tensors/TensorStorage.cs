namespace MyGpt.Checkpoints.Tensors;

/// <summary>A run of bytes of a checkpoint that tensors are views of.</summary>
internal abstract class TensorStorage
{
    /// <summary>Its name in the container, for messages.</summary>
    public abstract string Name { get; }

    /// <summary>Its size in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Whether elements are stored most significant byte first.</summary>
    public virtual bool BigEndian => false;

    /// <summary>Reads bytes.</summary>
    /// <param name="position">First byte; with the length of <paramref name="destination"/> it stays within <see cref="Length"/>.</param>
    /// <param name="destination">Filled completely.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public abstract void Read(long position, Span<byte> destination);
}
