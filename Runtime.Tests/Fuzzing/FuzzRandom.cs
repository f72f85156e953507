namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Choices that follow from one number, the same on every machine and in every version.</summary>
/// <remarks>SplitMix64 (Steele, Lea and Flood 2014).</remarks>
internal sealed class FuzzRandom(ulong seed)
{
    private ulong _state = seed;

    /// <summary>Any number of 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to below the limit, which is at least 1.</summary>
    public int Below(int limit) => (int)(Next() % (uint)limit);

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Below(times) == 0;

    /// <summary>One of several.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Below(items.Count)];

    /// <summary>A length from 0 to below the limit, mostly a short one.</summary>
    public int Length(int limit) => Below(1 + Below(1 + Below(limit)));
}
