using System.Security.Cryptography;

namespace MyGpt.Runtime.Sampling;

/// <summary>A reproducible stream of random numbers: the same seed and stream give the same numbers on every machine.</summary>
/// <remarks>
/// <para>Draw n (from 0) of stream s under seed k is Philox4x32-10 (Salmon et al. 2011) with the 64-bit key k and the 128-bit
/// counter n + 2^64 s. In 32-bit words, low first: key (k0, k1), counter (n0, n1, s0, s1). Of the four words w0..w3 that come
/// out, <see cref="NextUnit"/> uses the first two: floor((w0 + 2^32 w1) / 2^11) / 2^53.</para>
/// <para>Streams of one seed never share a counter, so sample 3 of 5 draws the same numbers whatever the others do. Not safe for
/// use by several threads at once.</para>
/// </remarks>
public sealed class RandomSource
{
    private const int UnusedBits = 64 - 53;
    private const double UnitOfLastBit = 1.0 / (1UL << 53);

    private readonly ulong _seed;
    private readonly ulong _stream;

    /// <summary>Creates a stream that stands at draw 0.</summary>
    /// <param name="seed">Any number; the key of the generator.</param>
    /// <param name="stream">Any number; the index of a sample within a run.</param>
    public RandomSource(ulong seed, ulong stream = 0)
    {
        _seed = seed;
        _stream = stream;
    }

    /// <summary>The number of draws so far, which is the index n of the next one.</summary>
    public ulong Position { get; private set; }

    /// <summary>A seed from the system's entropy, for runs that name none: below 2^32, short enough to be typed again.</summary>
    public static ulong NewSeed()
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        RandomNumberGenerator.Fill(bytes);
        return BitConverter.ToUInt32(bytes);
    }

    /// <summary>The next number: uniform over the 2^53 multiples of 2^-53 in [0, 1).</summary>
    public double NextUnit()
    {
        ulong n = Position++;
        PhiloxBlock words = new PhiloxBlock((uint)n, (uint)(n >> 32), (uint)_stream, (uint)(_stream >> 32)).Scramble(_seed);
        return ((words.Word0 | ((ulong)words.Word1 << 32)) >> UnusedBits) * UnitOfLastBit;
    }
}
