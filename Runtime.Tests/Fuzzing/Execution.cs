using MyGpt.Runtime.Tests.Fuzzing.Mutations;

namespace MyGpt.Runtime.Tests.Fuzzing;

/// <summary>One input for one reader, made from one number.</summary>
internal static class Execution
{
    /// <summary>Anonymous memory that reading may take beyond twice the input.</summary>
    private const long BaseMemory = 64 << 20;

    /// <summary>Makes the input, has it read and used, and judges.</summary>
    /// <param name="reader">Who reads.</param>
    /// <param name="seed">Decides everything about the input.</param>
    /// <param name="folder">A folder for its files; it is left empty.</param>
    /// <param name="started">Called when the input has been made.</param>
    /// <returns>How it ended, and the bytes that reading has allocated.</returns>
    public static (Verdict Verdict, long Allocated) Run(FuzzReader reader, ulong seed, string folder, Action? started = null)
    {
        var random = new FuzzRandom(seed);
        IReadOnlyList<(string Name, byte[] Bytes)> files = Mutator.Mutate(reader.Seeds, random);
        foreach ((string name, byte[] bytes) in files)
            File.WriteAllBytes(Path.Combine(folder, name), bytes);

        started?.Invoke();
        long before = GC.GetAllocatedBytesForCurrentThread(), allocated = 0;
        Verdict verdict = Verdict.Accepted;
        try
        {
            Action use = reader.Read(Path.Combine(folder, files[0].Name), random);
            allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            use();
        }
#pragma warning disable CA1031 // Which exceptions are right is what is judged here.
        catch (Exception error)
#pragma warning restore CA1031
        {
            allocated = allocated > 0 ? allocated : GC.GetAllocatedBytesForCurrentThread() - before;
            verdict = Verdict.Of(error, [folder, .. files.Select(static file => file.Name)]);
        }
        foreach (string file in Directory.EnumerateFiles(folder))
            File.Delete(file);

        long most = BaseMemory + (2 * files.Sum(static file => (long)file.Bytes.Length));
        if (allocated > most)
            verdict = verdict with { Fault = $"{allocated} bytes allocated, at most {most} may be; {verdict.Fault ?? verdict.Kind ?? "accepted"}" };
        return (verdict, allocated);
    }
}
