using MyGpt.CommandLine.Machine;

namespace MyGpt.Runtime.Tests.Machine;

public sealed class ProcessorsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new(nameof(ProcessorsTests));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0-3", 4, null, 4, 2)]       // two processors a core
    [InlineData("0-1", 2, null, 2, 1)]
    [InlineData("0,2", 2, null, 2, 2)]
    [InlineData("1-2,3", 3, null, 3, 2)]
    [InlineData("0-3", 2, 1.5, 1.5, 1.5)]    // of limited time
    [InlineData("0-3", 1, 0.5, 0.5, 0.5)]
    [InlineData("0-3", 1, null, 1, 1)]       // .NET was told to count one
    public void Read_counts_the_cores_of_the_processors_that_are_allowed(string allowed, int count, double? limit, double processors, double cores)
    {
        for (int processor = 0; processor < 4; processor++)
            Write($"cpu{processor}/topology/thread_siblings_list", processor < 2 ? "0-1" : "2-3");
        Assert.Equal(new Processors(processors, cores), Read($"Name:\tdotnet\nCpus_allowed:\tf\nCpus_allowed_list:\t{allowed}\n", count, limit));
    }

    [Theory]
    [InlineData("Cpus_allowed_list:\t0-1\n")]     // its processors are not shown
    [InlineData("Cpus_allowed_list:\t0-99999999999\n")]
    [InlineData("Cpus_allowed_list:\tall\n")]
    [InlineData("Cpus_allowed_list:\t\n")]
    [InlineData("")]
    public void Read_of_what_is_not_shown_knows_no_cores(string self) => Assert.Equal(new Processors(2, null), Read(self, 2, null));

    [Fact]
    public void Read_where_there_is_nothing_knows_no_cores() =>
        Assert.Equal(new Processors(8, null), Processors.Read(_folder.File("none"), _folder.File("neither"), 8, null));

    [Fact]
    public void Read_of_this_machine_is_no_more_than_dotnet_counts() => Assert.InRange(Processors.Read().Count, double.Epsilon, Environment.ProcessorCount);

    private Processors Read(string self, int count, double? limit)
    {
        Write("self", self);
        return Processors.Read(_folder.FullPath, _folder.File("self"), count, limit);
    }

    private void Write(string path, string text)
    {
        string file = _folder.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text);
    }
}
