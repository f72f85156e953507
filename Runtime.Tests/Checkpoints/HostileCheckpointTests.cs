namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Files that must be refused, one row per cause. Each is made from a valid checkpoint or pickle by one change.</summary>
public class HostileCheckpointTests
{
    [Theory]
    [MemberData(nameof(HostilePickles.Names), MemberType = typeof(HostilePickles))]
    public void Convert_refuses_a_hostile_pickle(string name)
    {
        (byte[] file, string reason) = HostilePickles.Make(name);
        Assert.Contains(reason, Conversion.Refuse(file), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(HostileZips.Names), MemberType = typeof(HostileZips))]
    public void Convert_refuses_a_hostile_zip(string name)
    {
        (byte[] file, string reason) = HostileZips.Make(name);
        Assert.Contains(reason, Conversion.Refuse(file), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(HostileModels.Names), MemberType = typeof(HostileModels))]
    public void Convert_refuses_a_model_that_contradicts_itself(string name)
    {
        (byte[] file, string reason) = HostileModels.Make(name);
        Assert.Contains(reason, Conversion.Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_accepts_what_the_rows_are_made_from()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using ModelFile model = Conversion.Convert(folder, new TinyCheckpoint().ToArray()).Model;
        Assert.Equal(TinyCheckpoint.Layers, model.Description.Config.LayerCount);
    }

    [Fact]
    public void Convert_refuses_a_file_cut_at_any_byte()
    {
        byte[] whole = new TinyCheckpoint().ToArray();
        for (int length = 0; length < whole.Length; length += length < 80 || length > whole.Length - 80 ? 1 : 97)
            Conversion.Refuse(whole[..length]);
    }
}
