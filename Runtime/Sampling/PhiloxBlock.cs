namespace MyGpt.Runtime.Sampling;

/// <summary>The four 32-bit words that Philox4x32-10 takes as counter and gives as random numbers.</summary>
/// <remarks>
/// Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. A keyed bijection of 128 bits that
/// passes BigCrush: number n of a stream is computed, not reached, so streams need neither state nor seeding rounds.
/// </remarks>
internal readonly record struct PhiloxBlock(uint Word0, uint Word1, uint Word2, uint Word3)
{
    private const int Rounds = 10;

    // The paper's multipliers and key increments; the increments are the golden ratio and sqrt(3) - 1 in 32 bits.
    private const ulong Multiplier0 = 0xD2511F53;
    private const ulong Multiplier1 = 0xCD9E8D57;
    private const uint KeyIncrement0 = 0x9E3779B9;
    private const uint KeyIncrement1 = 0xBB67AE85;

    /// <summary>Applies the bijection to this block as counter.</summary>
    /// <param name="key">The key, its low word first.</param>
    public PhiloxBlock Scramble(ulong key)
    {
        (uint c0, uint c1, uint c2, uint c3) = this;
        uint key0 = (uint)key, key1 = (uint)(key >> 32);
        for (int round = 0; round < Rounds; round++)
        {
            ulong product0 = Multiplier0 * c0, product1 = Multiplier1 * c2;
            (c0, c1, c2, c3) = ((uint)(product1 >> 32) ^ c1 ^ key0, (uint)product1, (uint)(product0 >> 32) ^ c3 ^ key1, (uint)product0);
            key0 = unchecked(key0 + KeyIncrement0);
            key1 = unchecked(key1 + KeyIncrement1);
        }
        return new PhiloxBlock(c0, c1, c2, c3);
    }
}
