using System.Runtime.CompilerServices;

namespace MyGpt.Runtime.Tests;

/// <summary>Where the tests find their files.</summary>
internal static class TestFiles
{
    /// <summary>The repository's root: the nearest folder above the test assembly that holds the solution.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>The optional folder beside the repository with the big fixtures, or null.</summary>
    public static string? Shared { get; } = FindShared();

    /// <summary>Full path of a committed fixture.</summary>
    /// <param name="name">Path below Runtime.Tests/Fixtures, such as <c>mygpt_ch18_old_config/ch18.ckpt</c>.</param>
    public static string Fixture(string name) => Path.Combine(AppContext.BaseDirectory, "Fixtures", name);

    /// <summary>Full path of a file in <see cref="Shared"/>; only for tests marked <see cref="SharedFactAttribute"/> or <see cref="SharedTheoryAttribute"/>.</summary>
    /// <param name="name">Path below the shared folder, such as <c>fixtures/gpt104_tied/ckpt.pt</c>.</param>
    public static string SharedFile(string name) =>
        Path.Combine(Shared ?? throw new InvalidOperationException("The shared folder is absent; mark the test [SharedFact]."), name);

    /// <summary>A fixture from the repository if it is committed, else from <see cref="Shared"/>, else null.</summary>
    /// <param name="name">Path below the fixtures folder.</param>
    public static string? FixtureOrShared(string name)
    {
        string committed = Fixture(name);
        if (File.Exists(committed))
            return committed;
        string? shared = Shared is null ? null : Path.Combine(Shared, "fixtures", name);
        return File.Exists(shared) ? shared : null;
    }

    /// <summary>A new empty folder for one test's files; deleted with everything in it on dispose.</summary>
    public static TemporaryFolder NewFolder([CallerMemberName] string test = "") => new(test);

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MyGpt.Runtime.sln")))
                return folder.FullName;
        }
        throw new InvalidOperationException($"No MyGpt.Runtime.sln above {AppContext.BaseDirectory}.");
    }

    private static string? FindShared()
    {
        string shared = Path.GetFullPath(Path.Combine(Root, "..", "shared"));
        return Directory.Exists(Path.Combine(shared, "fixtures")) ? shared : null;
    }
}

/// <summary>A folder that lives as long as one test.</summary>
/// <param name="test">The test's name, as far as the folder's name can hold it.</param>
/// <param name="parent">An existing folder it is made in; null for the machine's own for temporary files.</param>
internal sealed class TemporaryFolder(string test, string? parent = null) : IDisposable
{
    /// <summary>Full path of the folder.</summary>
    public string FullPath { get; } = parent is null
        ? Directory.CreateTempSubdirectory($"mygpt-{test[..Math.Min(test.Length, 40)]}-").FullName
        : Directory.CreateDirectory(Path.Combine(parent, $"mygpt-{test}-{Guid.NewGuid():N}")).FullName;

    /// <summary>Full path of a file in the folder.</summary>
    public string File(string name) => Path.Combine(FullPath, name);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}

/// <summary>A fact that needs the shared folder; skipped, and reported as skipped, where it is absent.</summary>
internal sealed class SharedFactAttribute : FactAttribute
{
    public SharedFactAttribute()
    {
        if (TestFiles.Shared is null)
            Skip = "needs the folder ../shared beside the repository";
    }
}

/// <summary>A theory that needs the shared folder; skipped, and reported as skipped, where it is absent.</summary>
internal sealed class SharedTheoryAttribute : TheoryAttribute
{
    public SharedTheoryAttribute()
    {
        if (TestFiles.Shared is null)
            Skip = "needs the folder ../shared beside the repository";
    }
}
