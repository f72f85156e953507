using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

public class SafetensorsTests
{
    [Fact]
    public void Open_reads_every_type_at_its_place()
    {
        (string Name, string Type, long[] Shape, byte[] Data)[] tensors =
        [
            ("scalar", "F64", [], BitConverter.GetBytes(1.5)),
            ("matrix", "F32", [2, 3], MemoryMarshal.AsBytes<float>([1, 2, 3, 4, 5, 6]).ToArray()),
            ("half", "F16", [2], MemoryMarshal.AsBytes<Half>([(Half)0.5f, (Half)(-2)]).ToArray()),
            ("brain", "BF16", [1, 2], [0x80, 0x3F, 0x40, 0xC0]),
            ("i8", "I8", [1], [1]), ("u8", "U8", [1, 1], [1]), ("i16", "I16", [1], [1, 0]), ("i32", "I32", [1], [1, 0, 0, 0]),
            ("i64", "I64", [1], [1, 0, 0, 0, 0, 0, 0, 0]), ("bool", "BOOL", [2], [1, 0]), ("none", "F32", [3, 0], []),
        ];

        Dictionary<string, StoredTensor> read = Open(TestSafetensors.Of(tensors), Copy);

        Assert.Equal(tensors.Select(tensor => tensor.Name), read.Keys);
        Assert.All(tensors, tensor =>
        {
            StoredTensor stored = read[tensor.Name];
            Assert.Equal(tensor.Shape, stored.Shape);
            byte[] bytes = new byte[stored.Storage.Length];
            stored.Storage.Read(0, bytes);
            Assert.Equal(tensor.Data, bytes);
        });
        Assert.Equal([3L, 1L], read["matrix"].Strides);
        Assert.Equal(
            [TensorType.Float64, TensorType.Float32, TensorType.Float16, TensorType.BFloat16, TensorType.Int8, TensorType.UInt8,
             TensorType.Int16, TensorType.Int32, TensorType.Int64, TensorType.Bool, TensorType.Float32], read.Values.Select(t => t.Type));
    }

    [Fact]
    public void Open_takes_the_tensors_in_any_order_of_the_header()
    {
        byte[] file = TestSafetensors.Raw(
            """{"b":{"data_offsets":[4,6],"shape":[2],"dtype":"U8"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", [1, 2, 3, 4, 5, 6]);

        Assert.Equal(["b", "a"], Open(file, Copy).Keys);
    }

    [Fact]
    public void Open_takes_a_file_without_tensors() => Assert.Empty(Open(TestSafetensors.Raw("{}", []), Copy));

    [Theory]
    [InlineData("model.bin")]
    [InlineData("MODEL.SAFETENSORS")]
    public void Recognise_by_content_or_by_name(string name)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File(name), HostileSafetensors.Valid());
        using CheckpointFile file = CheckpointFile.Open(folder.File(name));
        Assert.Equal("safetensors", ContainerFormats.Recognise(file)?.Name);
    }

    [Theory]
    [MemberData(nameof(HostileSafetensors.Names), MemberType = typeof(HostileSafetensors))]
    public void Convert_refuses_a_hostile_file(string name)
    {
        (byte[] file, string reason) = HostileSafetensors.Make(name);
        Assert.Contains(reason, Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Open_takes_what_the_rows_are_made_from() => Assert.Equal(["a", "b"], Open(HostileSafetensors.Valid(), Copy).Keys);

    [Fact]
    public void Convert_refuses_a_file_cut_at_any_byte()
    {
        byte[] whole = HostileSafetensors.Valid();
        for (int length = 0; length < whole.Length; length++)
            Refuse(whole[..length]);
    }

    [Theory]
    [InlineData("\0")]
    [InlineData("{")]
    [InlineData("{\"a\": tru")]
    [InlineData("{\"a\": \"")]
    public void Convert_of_a_100_MB_header_without_sense_takes_no_more_than_its_size(string start)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        using (FileStream file = File.Create(folder.File("lie.safetensors")))
        {
            file.Write([.. TestSafetensors.Length(100_000_000), .. System.Text.Encoding.ASCII.GetBytes(start)]);
            file.SetLength(100_000_008);   // holes where the system has them
        }
        Conversion.Refuse(folder.File("lie.safetensors"));
    }

    [SharedTheory]
    [InlineData("st_header_longer_than_file", "is said to have 1000000000 bytes")]
    [InlineData("st_overlap", "tensor 'wpe.weight' begins at byte 32 of the data, but tensor 'wte.weight' before it ends at byte 64")]
    [InlineData("st_json_deep", "depth of 64")]
    public void Convert_refuses_the_malformed_files_of_the_fixtures(string name, string reason) => Assert.Contains(reason,
        Conversion.Refuse(TestFiles.SharedFile($"fixtures/malformed/{name}.safetensors")), StringComparison.Ordinal);

    private static Dictionary<string, StoredTensor> Copy(DictValue state) => state.Items.ToDictionary(
        item => ((TextValue)item.Key).Value, item => InMemory(((TextValue)item.Key).Value, (TensorValue)item.Value));

    private static StoredTensor InMemory(string name, TensorValue tensor)
    {
        StoredTensor.Open(name, tensor);   // its own checks
        byte[] bytes = new byte[tensor.Storage.Length];
        tensor.Storage.Read(0, bytes);
        return StoredTensor.Open(name, new TensorValue
        {
            Storage = new MemoryStorage(bytes), Type = tensor.Type, Offset = tensor.Offset, Shape = tensor.Shape, Strides = tensor.Strides,
        });
    }

    private static T Open<T>(byte[] bytes, Func<DictValue, T> read)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("model.safetensors"), bytes);
        using CheckpointFile file = CheckpointFile.Open(folder.File("model.safetensors"));
        return read((DictValue)ContainerFormats.Open(file).Root);
    }

    private static string Refuse(byte[] bytes)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("model.safetensors"), bytes);
        return Conversion.Refuse(folder.File("model.safetensors"));
    }
}
