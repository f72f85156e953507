using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>The models of llm.c.</summary>
public class LlmcTests
{
    [Theory]
    [MemberData(nameof(HostileLlmc.Names), MemberType = typeof(HostileLlmc))]
    public void Convert_refuses_a_hostile_model(string name)
    {
        (byte[] file, string reason) = HostileLlmc.Make(name);
        Assert.Contains(reason, Conversion.Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_a_model_cut_at_any_byte()
    {
        byte[] whole = new TestLlmc().ToArray();
        for (int length = 0; length < whole.Length; length += length is < 80 or > 1000 and < 1100 ? 1 : 97)
            Conversion.Refuse(whole[..length]);
    }

    [Theory]
    [InlineData(3, "float32")]
    [InlineData(5, "bfloat16")]
    public void Open_finds_every_tensor_in_its_place(int version, string type)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var model = new TestLlmc();
        model.Header[1] = version;
        File.WriteAllBytes(folder.File("m.bin"), model.ToArray());
        using CheckpointFile file = CheckpointFile.Open(folder.File("m.bin"));

        var root = (DictValue)ContainerFormats.Open(file).Root;

        DictValue tensors = root.Get<DictValue>("model")!;
        Assert.Equal(model.Tensors.Select(tensor => tensor.Name), tensors.TextKeys);
        Assert.All(model.Tensors, tensor =>
        {
            StoredTensor stored = StoredTensor.Open(tensor.Name, tensors.Get<TensorValue>(tensor.Name)!);
            Assert.Equal(type, stored.Type.Name());
            var numbers = new List<float>();
            new RowReader().Read(stored, (_, _, tile) => numbers.AddRange(tile));
            Assert.Equal(tensor.Numbers, numbers);
        });
        DictValue facts = root.Get<DictValue>("llmc")!;
        Assert.Equal(["version", "max_seq_len", "vocab_size", "num_layers", "num_heads", "channels", "padded_vocab_size"], facts.TextKeys);
        Assert.Equal([version, 3, 5, 2, 2, 4, 7], facts.Items.Select(item => ((IntegerValue)item.Value).Value));
    }
}
