using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Pickle;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class UnpicklerTests
{
    [Theory]
    [InlineData(new byte[] { (byte)'K', 255 }, 255)]
    [InlineData(new byte[] { (byte)'M', 1, 2 }, 513)]
    [InlineData(new byte[] { (byte)'J', 0xFE, 0xFF, 0xFF, 0xFF }, -2)]
    [InlineData(new byte[] { 0x8A, 0 }, 0)]
    [InlineData(new byte[] { 0x8A, 1, 0xFF }, -1)]
    [InlineData(new byte[] { 0x8A, 2, 0xFF, 0 }, 255)]
    [InlineData(new byte[] { 0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80 }, long.MinValue)]
    [InlineData(new byte[] { 0x8B, 3, 0, 0, 0, 1, 0, 0x80 }, -8388607)]
    public void Read_integers(byte[] instruction, long expected) =>
        Assert.Equal(expected, Assert.IsType<IntegerValue>(Read(writer => writer.Raw(instruction))).Value);

    [Fact]
    public void Read_an_integer_of_more_than_64_bits_as_something_opaque() =>
        Assert.IsType<OpaqueValue>(Read(writer => writer.Raw(0x8A, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9)));

    [Fact]
    public void Read_a_number() => Assert.Equal(-0.125, Assert.IsType<RealValue>(Read(writer => writer.Value(-0.125))).Value);

    [Fact]
    public void Read_text_of_each_length_field()
    {
        Assert.Equal("a\U0001F600", Text(writer => writer.Raw(0x8C, 5, (byte)'a', 0xF0, 0x9F, 0x98, 0x80)));
        Assert.Equal("bc", Text(writer => writer.Text("bc")));
        Assert.Equal("d", Text(writer => writer.Raw(0x8D).UInt64(1).Op('d')));

        static string Text(Action<PickleWriter> write) => Assert.IsType<TextValue>(Read(write)).Value;
    }

    [Fact]
    public void Read_bytes_of_each_length_field()
    {
        byte[][] starts = [[(byte)'C', 2], [(byte)'B', 2, 0, 0, 0], [0x8E, 2, 0, 0, 0, 0, 0, 0, 0], [0x96, 2, 0, 0, 0, 0, 0, 0, 0]];
        foreach (byte[] start in starts)
            Assert.Equal([7, 8], Assert.IsType<BytesValue>(Read(writer => writer.Raw(start).Raw(7, 8))).Value.ToArray());
    }

    [Fact]
    public void Read_tuples_of_each_instruction()
    {
        Assert.Equal([], Items(writer => writer.Op(')')));
        Assert.Equal([1], Items(writer => writer.Int(1).Raw(0x85)));
        Assert.Equal([1, 2], Items(writer => writer.Int(1).Int(2).Raw(0x86)));
        Assert.Equal([1, 2, 3], Items(writer => writer.Int(1).Int(2).Int(3).Raw(0x87)));
        Assert.Equal([1, 2, 3, 4], Items(writer => writer.Op('(').Int(1).Int(2).Int(3).Int(4).Op('t')));
    }

    [Fact]
    public void Read_lists_and_sets_of_each_instruction()
    {
        Assert.Equal([1, 2], Items(writer => writer.Op(']').Int(1).Op('a').Int(2).Op('a')));
        Assert.Equal([1, 2], Items(writer => writer.Op(']').Op('(').Int(1).Int(2).Op('e')));
        Assert.Equal([1, 2], Items(writer => writer.Raw(0x8F).Op('(').Int(1).Int(2).Raw(0x90)));
        Assert.Equal([1, 2], Items(writer => writer.Op('(').Int(1).Int(2).Raw(0x91)));
        Assert.Equal([1, 2], Items(writer => writer.Global("builtins", "set").Op(']').Op('(').Int(1).Int(2).Op('e').Raw(0x85).Op('R')));
    }

    [Fact]
    public void Read_dictionaries_keeps_the_order()
    {
        var dict = Assert.IsType<DictValue>(Read(writer => writer
            .Op('}').Text("b").Int(1).Op('s').Op('(').Text("a").Int(2).Int(3).Op('N').Op('u')));

        Assert.Equal(["b", "a"], dict.TextKeys);
        Assert.Equal(2, dict.Get<IntegerValue>("a")?.Value);
        Assert.Equal(3, dict.Items.Count);
    }

    [Fact]
    public void Read_an_ordered_dictionary_with_attributes_and_from_pairs()
    {
        var plain = Assert.IsType<DictValue>(Read(writer => writer
            .Global("collections", "OrderedDict").Op(')').Op('R').Text("k").Int(1).Op('s')
            .Op('}').Text("_metadata").Op('N').Op('s').Op('b')));
        var paired = Assert.IsType<DictValue>(Read(writer => writer.Global("collections", "OrderedDict")
            .Value(new object?[] { new List<object?> { new List<object?> { "k", 1 } } }).Op('R')));

        Assert.Equal(["k"], plain.TextKeys);
        Assert.Equal(["k"], paired.TextKeys);
    }

    [Fact]
    public void Read_the_memo_by_every_instruction()
    {
        Assert.Equal([5, 5, 6, 6, 7], Items(writer => writer.Op('(')
            .Int(5).Raw((byte)'q', 0).Raw((byte)'h', 0)
            .Int(6).Op('r').UInt32(1).Op('j').UInt32(1)
            .Int(9).Raw(0x94).Op('0').Raw((byte)'h', 2).Op('0').Int(7).Op('t')));
    }

    [Fact]
    public void Read_a_memo_that_is_numbered_from_1_as_by_Python_2()
    {
        Assert.Equal([5, 6, 5, 6], Items(writer => writer.Op('(')
            .Int(5).Raw((byte)'q', 1).Int(6).Raw((byte)'q', 2).Raw((byte)'h', 1).Raw((byte)'h', 2).Op('t')));
    }

    [Fact]
    public void Read_a_memo_entry_that_is_set_again()
    {
        Assert.Equal([5, 6, 6], Items(writer => writer.Op('(').Int(5).Raw((byte)'q', 0).Int(6).Raw((byte)'q', 0).Raw((byte)'h', 0).Op('t')));
    }

    [Theory]
    [InlineData("pathlib", "PosixPath")]
    [InlineData("pathlib", "WindowsPath")]
    [InlineData("pathlib", "PurePosixPath")]
    [InlineData("pathlib._local", "PosixPath")]
    public void Read_a_path_as_an_object_without_attributes(string module, string name)
    {
        var path = Assert.IsType<ObjectValue>(Read(writer => writer.Global(module, name).Value(new object?[] { "/", "tmp", "out" }).Op('R')));

        Assert.Equal($"{module}.{name}", path.Name);
        Assert.Null(path.Attributes);
    }

    [Fact]
    public void Read_a_member_of_an_enumeration_as_an_object_without_attributes()
    {
        foreach (object plain in (object[])[3, "rms", 0.5, true])
        {
            var member = Assert.IsType<ObjectValue>(Read(writer => writer.Global("__main__", "Norm").Value(new[] { plain }).Op('R')));

            Assert.Equal("__main__.Norm", member.Name);
            Assert.Null(member.Attributes);
        }
    }

    [Fact]
    public void Read_stack_instructions()
    {
        Assert.Equal([1, 1], Items(writer => writer.Op('(').Int(1).Op('2').Op('t')));
        Assert.Equal([1], Items(writer => writer.Op('(').Int(1).Op('(').Int(2).Int(3).Op('1').Op('t')));
        Assert.Equal([1], Items(writer => writer.Op('(').Int(1).Op('(').Op('0').Op('t')));
    }

    [Fact]
    public void Read_frames_one_after_the_other()
    {
        byte[] pickle = new PickleWriter().Proto(4)
            .Raw(0x95).UInt64(2).Int(1).Raw(0x95).UInt64(4).Raw((byte)'K', 2, 0x86, (byte)'.').ToArray();

        Assert.Equal(2, Assert.IsType<ListValue>(Unpickler.Read(pickle, "p", null)).Items.Count);
    }

    [Fact]
    public void Read_a_list_that_contains_itself()
    {
        var list = Assert.IsType<ListValue>(Read(writer => writer.Op(']').Raw((byte)'q', 0).Raw((byte)'h', 0).Op('a')));

        Assert.Same(list, list.Items[0]);
    }

    [Fact]
    public void Read_a_list_nested_100000_deep()
    {
        const int Depth = 100_000;

        Value value = Read(writer =>
        {
            for (int i = 0; i < Depth; i++)
                writer.Op(']');
            for (int i = 1; i < Depth; i++)
                writer.Op('a');
        });

        Assert.IsType<ListValue>(value);
    }

    [Fact]
    public void Read_a_numpy_number_as_something_opaque()
    {
        var best = Assert.IsType<OpaqueValue>(Read(writer => writer.Global("numpy.core.multiarray", "scalar").Op('(')
            .Global("numpy", "dtype").Value(new object?[] { "f8", false, true }).Op('R')
            .Value(new object?[] { 3, "<", null, null, null, -1, -1, 0 }).Op('b')
            .Global("_codecs", "encode").Value(new object?[] { "x", "latin1" }).Op('R').Op('t').Op('R')));

        Assert.Equal("NumPy number", best.Name);
    }

    [Fact]
    public void Read_refuses_more_memory_than_the_budget()
    {
        var writer = new PickleWriter().Proto();
        writer.Raw([.. Enumerable.Repeat((byte)']', 1_000_000)]);
        byte[] pickle = writer.Stop().ToArray();
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CheckpointException>(() => Unpickler.Read(pickle, "p", null));

        Assert.Contains("unpacks to far more", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    private static Value Read(Action<PickleWriter> write)
    {
        var writer = new PickleWriter().Proto();
        write(writer);
        return Unpickler.Read(writer.Stop().ToArray(), "p", storages: null);
    }

    private static long[] Items(Action<PickleWriter> write) =>
        [.. Assert.IsType<ListValue>(Read(write)).Items.Cast<IntegerValue>().Select(item => item.Value)];
}
