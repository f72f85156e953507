using MyGpt.CommandLine.Machine;

namespace MyGpt.Runtime.Tests.Machine;

public sealed class CgroupLimitsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new(nameof(CgroupLimitsTests));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_of_version_2_takes_the_lowest_of_the_group_and_those_above()
    {
        Write("a/b/cpu.max", "max 100000");
        Write("a/cpu.max", "150000 100000");
        Write("cpu.max", "300000 100000");
        Write("a/b/memory.max", "1000000");
        Write("a/memory.max", "max");
        Assert.Equal(new CgroupLimits(1.5, 1_000_000), Read("0::/a/b"));
        Assert.Equal(new CgroupLimits(3, null), Read("0::/"));
    }

    [Fact]
    public void Read_of_version_1_looks_into_each_controllers_hierarchy()
    {
        Write("cpu/docker/x/cpu.cfs_quota_us", "50000");
        Write("cpu/docker/x/cpu.cfs_period_us", "100000");
        Write("cpu/docker/cpu.cfs_quota_us", "-1");
        Write("cpu/docker/cpu.cfs_period_us", "100000");
        Write("memory/docker/x/memory.limit_in_bytes", "9223372036854771712");   // none
        Write("memory/memory.limit_in_bytes", "2000000");
        Assert.Equal(new CgroupLimits(0.5, 2_000_000), Read("5:memory:/docker/x\n3:cpu:/docker/x\n0::/"));
    }

    [Fact]
    public void Read_of_a_group_that_is_not_shown_takes_those_that_are()
    {
        Write("cpu.max", "250000 100000");
        Assert.Equal(new CgroupLimits(2.5, null), Read("0::/not/here"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("0::relative")]
    [InlineData("0::/../..")]
    public void Read_of_anything_else_shows_none(string self)
    {
        Write("cpu.max", "many few");
        Write("memory.max", "");
        Assert.Equal(new CgroupLimits(null, null), Read(self));
    }

    [Fact]
    public void Read_where_there_are_no_groups_shows_none() =>
        Assert.Equal(new CgroupLimits(null, null), CgroupLimits.Read(_folder.File("none"), _folder.File("neither")));

    private void Write(string path, string text)
    {
        string file = _folder.File(path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
    }

    private CgroupLimits Read(string self)
    {
        string file = _folder.File("self");
        File.WriteAllText(file, self + "\n");
        return CgroupLimits.Read(_folder.FullPath, file);
    }
}
