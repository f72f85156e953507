using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

public class ShardedCheckpointTests
{
    [Theory]
    [MemberData(nameof(HostileShards.Names), MemberType = typeof(HostileShards))]
    public void Convert_refuses_hostile_shards(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string reason = HostileShards.Make(name, folder);
        Assert.Contains(reason, Conversion.Refuse(folder.File("model.safetensors.index.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void Describe_sums_the_files_and_lists_tensors_in_the_order_of_the_index()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var tiny = new TinyHuggingFace();
        tiny.WriteShards(folder);

        CheckpointDescription description = Converter.Describe(folder.File("model.safetensors.index.json"));

        Assert.Equal("safetensors in 2 shards", description.Container);
        Assert.Equal(tiny.State.Select(entry => entry.Name), description.Tensors.Select(tensor => tensor.Name));
        Assert.Equal(Directory.GetFiles(folder.FullPath, "model*").Sum(file => new FileInfo(file).Length), description.FileBytes);
    }

    [Fact]
    public void Shards_may_be_of_both_kinds()
    {
        using TemporaryFolder folder = TestFiles.NewFolder(), torch = TestFiles.NewFolder();
        new TinyHuggingFace().WriteShards(folder);
        new TinyHuggingFace().WriteShards(torch, "model", "bin");
        File.Copy(torch.File("model-00002-of-00002.bin"), folder.File("model-00002-of-00002.safetensors"), overwrite: true);

        Assert.Equal("PyTorch zip and safetensors in 2 shards", Converter.Describe(folder.File("model.safetensors.index.json")).Container);
    }

    [Theory]
    [InlineData("model-00002-of-00002.safetensors", "shard 2 of 2; give the folder of all of them, or the index 'model.safetensors.index.json' beside it")]
    [InlineData("pytorch_model-00010-of-00012.bin", "shard 10 of 12; give the folder of all of them, or the index 'pytorch_model.bin.index.json' beside it")]
    public void Convert_of_one_shard_names_the_index(string name, string reason)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().Write(folder);
        File.Move(folder.File("model.safetensors"), folder.File(name));
        Assert.EndsWith(reason, Conversion.Refuse(folder.File(name)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model-00001-of-00001.safetensors")]
    [InlineData("model-1-of-2.safetensors")]
    public void Convert_takes_a_file_that_is_only_named_a_little_like_a_shard(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().Write(folder);
        File.Move(folder.File("model.safetensors"), folder.File(name));
        Converter.Convert(folder.File(name), folder.File("w.bin"), new ConvertOptions());
    }

    [Theory]
    [InlineData("model-00002-of-00002.safetensors")]
    [InlineData("config.json")]
    public void Convert_never_replaces_a_file_that_it_reads(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().WriteShards(folder);
        byte[] before = File.ReadAllBytes(folder.File(name));

        var error = Assert.Throws<OptionException>(
            () => Converter.Convert(folder.FullPath, folder.File(name), new ConvertOptions { Overwrite = true }));

        Assert.Equal($"'{folder.File(name)}' is read by this convert; give the weights file another name", error.Message);
        Assert.Equal(before, File.ReadAllBytes(folder.File(name)));
    }

    [Fact]
    public void Convert_never_replaces_the_index_of_a_folder()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        new TinyHuggingFace().WriteShards(folder);
        Assert.Throws<OptionException>(() => Converter.Convert(
            folder.FullPath, folder.File("model.safetensors.index.json"), new ConvertOptions { Overwrite = true }));
    }
}
