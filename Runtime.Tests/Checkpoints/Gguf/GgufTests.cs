using System.Runtime.InteropServices;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Containers.Gguf;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>The container: metadata of every type, tensors of every type that is read, files that lie.</summary>
public class GgufTests
{
    [Theory]
    [MemberData(nameof(HostileGguf.Names), MemberType = typeof(HostileGguf))]
    public void Convert_refuses_a_hostile_file(string name)
    {
        (byte[] file, string reason) = HostileGguf.Make(name);
        string message = Conversion.Refuse(file);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("GGUF", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_a_file_cut_at_any_byte()
    {
        byte[] whole = HostileGguf.Valid().ToArray();
        for (int length = 0; length < whole.Length - 16; length++)   // the last 16 bytes are padding
            Conversion.Refuse(whole[..length]);
    }

    [Fact]
    public void Open_reads_metadata_of_every_type()
    {
        TestGguf gguf = HostileGguf.Valid()
            .With("u8", TestGguf.UInt8(255)).With("i8", TestGguf.Int8(-128)).With("u16", TestGguf.UInt16(65535)).With("i16", TestGguf.Int16(-2))
            .With("u32", TestGguf.UInt32(uint.MaxValue)).With("i32", TestGguf.Int32(-3)).With("f32", TestGguf.Float32(1e-5f))
            .With("no", TestGguf.Bool(0)).With("yes", TestGguf.Bool(1)).With("text", TestGguf.Text("Ġ\u00E9")).With("empty", TestGguf.Texts())
            .With("u64", TestGguf.UInt64(1UL << 62)).With("huge", TestGguf.UInt64(ulong.MaxValue)).With("i64", TestGguf.Int64(long.MinValue))
            .With("f64", TestGguf.Float64(0.1)).With("texts", TestGguf.Texts("a", "", "b")).With("ints", TestGguf.Int32s(1, -1));

        DictValue metadata = Open(gguf, out CheckpointFile file).Get<DictValue>("metadata")!;
        file.Dispose();

        (string Key, long Value)[] integers =
            [("u8", 255), ("i8", -128), ("u16", 65535), ("i16", -2), ("u32", uint.MaxValue), ("i32", -3), ("u64", 1L << 62), ("i64", long.MinValue)];
        Assert.All(integers, pair => Assert.Equal(pair.Value, metadata.Get<IntegerValue>(pair.Key)?.Value));
        Assert.Equal(1e-5f, (float)metadata.Get<RealValue>("f32")!.Value);
        Assert.Equal(0.1, metadata.Get<RealValue>("f64")?.Value);
        Assert.False(metadata.Get<BoolValue>("no")?.Value);
        Assert.True(metadata.Get<BoolValue>("yes")?.Value);
        Assert.Equal("Ġ\u00E9", metadata.Get<TextValue>("text")?.Value);
        Assert.NotNull(metadata.Get<OpaqueValue>("huge"));
        Assert.Empty(metadata.Get<ListValue>("empty")!.Items);
        Assert.Equal(["a", "", "b"], metadata.Get<ListValue>("texts")!.Items.Cast<TextValue>().Select(item => item.Value));
        Assert.Equal([1L, -1L], metadata.Get<ListValue>("ints")!.Items.Cast<IntegerValue>().Select(item => item.Value));
    }

    [Theory]
    [InlineData(2U, 32)]
    [InlineData(3U, 32)]
    [InlineData(3U, 8)]
    [InlineData(3U, 256)]
    public void Open_finds_tensors_of_every_type(uint version, int alignment)
    {
        var random = new Random(3);
        float[] exact = [.. Enumerable.Range(0, 12).Select(_ => random.Next(-64, 64) / 8f)];   // the same in every plain type
        (byte[] q8, double[] q8Numbers) = ReferenceBlocks.Random8(random, 128 * 3 + 5);
        (byte[] q4, double[] q4Numbers) = ReferenceBlocks.Random4(random, 128 * 2);
        TestGguf gguf = new TestGguf { Version = version, Alignment = alignment }
            .With("general.alignment", TestGguf.UInt32((uint)alignment))
            .Add("f32", exact, 3, 4)
            .Add("f16", TestGguf.F16, MemoryMarshal.AsBytes<Half>([.. exact.Select(number => (Half)number)]).ToArray(), 3, 4)
            .Add("bf16", TestGguf.BF16, MemoryMarshal.AsBytes<ushort>(
                [.. exact.Select(number => (ushort)(BitConverter.SingleToUInt32Bits(number) >> 16))]).ToArray(), 3, 4)
            .Add("q8", TestGguf.Q8_0, q8, q8Numbers.Length / 32, 32)
            .Add("q4", TestGguf.Q4_0, q4, q4Numbers.Length / 64, 64)
            .Add("vector", [5], 1);

        DictValue tensors = Open(gguf, out CheckpointFile file).Get<DictValue>("tensors")!;

        using (file)
        {
            foreach (string name in (string[])["f32", "f16", "bf16"])
                Assert.Equal(exact.Select(number => (double)number), Read(tensors, name, 3, 4));
            Assert.Equal(q8Numbers, Read(tensors, "q8", q8Numbers.Length / 32, 32));
            Assert.Equal(q4Numbers, Read(tensors, "q4", q4Numbers.Length / 64, 64));
            Assert.Equal([5.0], Read(tensors, "vector", 1));
        }
    }

    [Theory]
    [InlineData(12U, "Q4_K")]
    [InlineData(14U, "Q6_K")]
    [InlineData(3U, "Q4_1")]
    [InlineData(39U, "MXFP4")]
    public void Open_gives_the_name_of_a_type_that_is_not_read(uint type, string name)
    {
        TestGguf gguf = HostileGguf.Valid().Add("c", type, new byte[144], 256);

        DictValue tensors = Open(gguf, out CheckpointFile file).Get<DictValue>("tensors")!;
        file.Dispose();

        Assert.Equal($"tensor of type {name}", tensors.Get<OpaqueValue>("c")?.Name);
    }

    [Fact]
    public void Blocks_can_be_read_from_any_number_on()
    {
        var random = new Random(4);
        (byte[] packed, double[] numbers) = ReferenceBlocks.Random4(random, 300);
        var storage = new BlockStorage(new MemoryStorage(packed), BlockFormat.Q4_0, new BlockStretch());
        Assert.Equal(numbers.Length * sizeof(float), storage.Length);

        for (int round = 0; round < 1000; round++)
        {
            int start = random.Next(numbers.Length), count = random.Next(1, numbers.Length - start + 1);
            float[] read = new float[count];
            storage.Read(start * sizeof(float), MemoryMarshal.AsBytes(read.AsSpan()));
            Assert.True(read.Select(number => (double)number).SequenceEqual(numbers.AsSpan(start, count).ToArray()), $"{count} from {start} on");
        }
    }

    [Fact]
    public void Blocks_of_two_tensors_can_be_read_in_turn()
    {
        var random = new Random(5);
        (byte[] packed8, double[] numbers8) = ReferenceBlocks.Random8(random, 300);
        (byte[] packed4, double[] numbers4) = ReferenceBlocks.Random4(random, 300);
        var unpacked = new BlockStretch();
        var q8 = new BlockStorage(new MemoryStorage(packed8), BlockFormat.Q8_0, unpacked);
        var q4 = new BlockStorage(new MemoryStorage(packed4), BlockFormat.Q4_0, unpacked);

        for (int start = 0; start < numbers8.Length; start += 100)
        {
            Assert.Equal(numbers8[start], ReadOne(q8, start));
            Assert.Equal(numbers4[start], ReadOne(q4, start));
        }

        static double ReadOne(BlockStorage storage, int at)
        {
            float[] read = new float[1];
            storage.Read(at * sizeof(float), MemoryMarshal.AsBytes(read.AsSpan()));
            return read[0];
        }
    }

    [Fact]
    public void Convert_a_list_of_many_small_quantised_tensors_takes_bounded_memory()
    {
        TestGguf gguf = HostileGguf.Valid();
        for (int i = 0; i < 20_000; i++)
            gguf.Add($"t{i}", i % 2 == 0 ? TestGguf.Q8_0 : TestGguf.Q4_0, new byte[i % 2 == 0 ? 34 : 18], 32);

        Conversion.Refuse(gguf.ToArray());
    }

    private static DictValue Open(TestGguf gguf, out CheckpointFile file)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("m.gguf"), gguf.ToArray());
        file = CheckpointFile.Open(folder.File("m.gguf"));
        return (DictValue)ContainerFormats.Open(file).Root;
    }

    private static List<double> Read(DictValue tensors, string name, params long[] shape)
    {
        StoredTensor tensor = StoredTensor.Open(name, tensors.Get<TensorValue>(name)!);
        Assert.Equal(shape, tensor.Shape);
        var numbers = new List<double>();
        new RowReader().Read(tensor, (_, _, tile) => numbers.AddRange(tile.ToArray().Select(number => (double)number)));
        return numbers;
    }
}
