namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>Something that reads files which anybody may have written.</summary>
internal abstract class FuzzReader
{
    private readonly Lazy<IReadOnlyList<FuzzSeed>> _seeds;

    protected FuzzReader(string name, Func<IEnumerable<FuzzSeed>> seeds)
    {
        Name = name;
        _seeds = new Lazy<IReadOnlyList<FuzzSeed>>(() => [.. seeds()]);
    }

    /// <summary>Its name in reports and in <c>FUZZ_REPLAY</c>.</summary>
    public string Name { get; }

    /// <summary>Valid inputs.</summary>
    public IReadOnlyList<FuzzSeed> Seeds => _seeds.Value;

    /// <summary>Reads an input. Whatever it throws is judged, and so is the memory that it takes.</summary>
    /// <param name="path">The first file of the input; the others lie beside it.</param>
    /// <param name="random">For choices that are not in the input.</param>
    /// <returns>What one does with an input that was accepted; it is judged too. Its result is disposed.</returns>
    public abstract Action Read(string path, FuzzRandom random);
}
