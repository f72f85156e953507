namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Pickles that are damaged, ask for something that is not data, or lie about tensors: one row per cause.</summary>
internal static class HostilePickles
{
    private static readonly (string Name, Action<PickleWriter> Write, string Reason)[] Rows =
    [
        ("empty pickle", _ => { }, "ends without STOP"),
        ("no PROTO", w => w.Op('}').Stop(), "does not begin with PROTO"),
        ("protocol 1", w => w.Proto(1).Op('}').Stop(), "protocol 1 is not read"),
        ("protocol 6", w => w.Proto(6).Op('}').Stop(), "protocol 6 is not read"),
        ("PROTO twice", w => w.Proto().Proto().Op('}').Stop(), "PROTO"),
        ("no STOP", w => w.Proto().Op('}'), "ends without STOP"),
        ("STOP on an empty stack", w => w.Proto().Stop(), "empty stack"),
        ("values left at STOP", w => w.Proto().Op('}').Op('}').Stop(), "left on the stack"),
        ("a MARK left at STOP", w => w.Proto().Op('}').Op('(').Op('}').Stop(), "left on the stack"),
        ("bytes after STOP", w => w.Proto().Op('}').Stop().Raw(0, 0), "2 bytes follow STOP"),
        ("POP on an empty stack", w => w.Proto().Op('0').Stop(), "empty stack"),
        ("DUP on an empty stack", w => w.Proto().Op('2').Stop(), "empty stack"),
        ("a value below a MARK", w => w.Proto().Op('}').Op('(').Raw(0x85).Stop(), "empty stack"),
        ("TUPLE without MARK", w => w.Proto().Int(1).Op('t').Stop(), "no MARK"),
        ("memo entry that is not there", w => w.Proto().Raw((byte)'h', 3).Stop(), "memo has no entry 3"),
        ("memo of an empty stack", w => w.Proto().Raw((byte)'q', 0).Stop(), "empty stack"),

        ("a function by GLOBAL", w => w.Proto().Global("os", "system").Value(Command).Op('R').Stop(), "'os.system'"),
        ("a function by STACK_GLOBAL", w => w.Proto(4).Text("builtins").Text("eval").Raw(0x93).Value(Command).Op('R').Stop(),
            "'builtins.eval'"),
        ("a function whose name comes from the memo", w => w.Proto(4).Text("os").Raw(0x94).Op('0').Text("system").Raw(0x94).Op('0')
            .Raw((byte)'h', 0, (byte)'h', 1, 0x93).Stop(), "'os.system'"),   // modelaudit, pull request 518: seen by nobody who looks for strings
        ("a nested torch.load", w => w.Proto().Global("torch.storage", "_load_from_bytes").Stop(), "'torch.storage._load_from_bytes'"),
        ("attributes of attributes", w => w.Proto(4).Text("torch").Text("_utils.os.system").Raw(0x93).Stop(), "'torch._utils.os.system'"),
        ("an object in the place of data", w => w.Proto().Global("__main__", "GPT").Op(')').Raw(0x81).Stop(), "an object of the class __main__.GPT"),
        ("a class that is called", w => w.Proto().Global("subprocess", "Popen").Value(Command).Op('R').Stop(), "'subprocess.Popen'"),
        ("an object made with arguments", w => w.Proto().Global("subprocess", "Popen").Value(Command).Raw(0x81).Stop(), "'subprocess.Popen'"),
        ("a class of the script called with a command", w => w.Proto().Global("__main__", "C").Value(new object?[] { new List<object?> { "true" } }).Op('R')
            .Stop(), "'__main__.C'"),
        ("a class of the script called with two arguments", w => w.Proto().Global("__main__", "C").Value(new object?[] { "a", "b" }).Op('R').Stop(),
            "'__main__.C'"),
        ("a class of a module called with a number", w => w.Proto().Global("config", "C").Value(new object?[] { 1 }).Op('R').Stop(), "'config.C'"),
        ("a path from a number", w => w.Proto().Global("pathlib", "Path").Value(new object?[] { 1 }).Op('R').Stop(), "'pathlib.Path'"),
        ("a path made without its parts", w => w.Proto().Global("pathlib", "Path").Value(Command).Raw(0x81).Stop(), "'pathlib.Path'"),
        ("a method of a path", w => w.Proto().Global("pathlib", "Path.unlink").Value(Command).Op('R').Stop(), "'pathlib.Path.unlink'"),
        ("what is not of the library's paths", w => w.Proto().Global("pathlib2", "Path").Value(Command).Op('R').Stop(), "'pathlib2.Path'"),
        ("attributes that are no dictionary", w => w.Proto().Global("__main__", "C").Op(')').Raw(0x81).Int(1).Op('b').Stop(), "a dictionary was needed"),
        ("BUILD of a class", w => w.Proto().Global("__main__", "C").Op('}').Op('b').Stop(), "BUILD sets attributes of a __main__.C"),
        ("a name with an escape sequence", w => w.Proto().Global("a\u001B[2J", "b").Stop(), @"'a\u001B[2J.b'"),
        ("a global that is not text", w => w.Proto(4).Int(1).Text("x").Raw(0x93).Stop(), "is not a string"),
        ("a global without an end", w => w.Proto().Raw((byte)'c', (byte)'o', (byte)'s'), "has no end"),
        ("REDUCE of a string", w => w.Proto().Text("os.system").Value(Command).Op('R').Stop(), "cannot be called"),
        ("REDUCE of a type", w => w.Proto().Global("torch", "FloatStorage").Op(')').Op('R').Stop(), "cannot be called"),
        ("REDUCE with a list", w => w.Proto().Global("collections", "OrderedDict").Op(']').Op('R').Stop(), "a tuple of arguments"),
        ("BUILD of a dictionary", w => w.Proto().Op('}').Op('}').Op('b').Stop(), "BUILD sets attributes"),
        ("BUILD of a global", w => w.Proto().Global("collections", "OrderedDict").Op('}').Op('b').Stop(), "BUILD sets attributes"),
        ("INST", w => w.Proto().Op('(').Raw((byte)'i', (byte)'o', (byte)'\n', (byte)'s', (byte)'\n').Stop(), "INST is not one"),
        ("OBJ", w => w.Proto().Op('(').Op('o').Stop(), "OBJ is not one"),
        ("EXT1", w => w.Proto().Raw(0x82, 1).Stop(), "EXT1 is not one"),
        ("PERSID", w => w.Proto().Raw((byte)'P', (byte)'1', (byte)'\n').Stop(), "PERSID is not one"),
        ("NEWOBJ_EX", w => w.Proto(4).Op('N').Op('N').Op('N').Raw(0x92).Stop(), "NEWOBJEX is not one"),
        ("NEXT_BUFFER", w => w.Proto(5).Raw(0x97).Stop(), "NEXTBUFFER is not one"),
        ("an instruction that does not exist", w => w.Proto().Raw(0xFF).Stop(), "0xFF"),

        ("items for a dictionary", w => w.Proto().Op('}').Int(1).Op('a').Stop(), "items are added to a dictionary"),
        ("pairs for a list", w => w.Proto().Op(']').Int(1).Int(2).Op('s').Stop(), "pairs are added to a list"),
        ("a key without a value", w => w.Proto().Op('}').Op('(').Int(1).Op('u').Stop(), "a key without a value"),
        ("a list as key", w => w.Proto().Op('}').Op(']').Int(1).Op('s').Stop(), "a list cannot be a key"),
        ("a key twice", w => w.Proto().Value(new (object, object?)[] { ("k", 1), ("k", 2) }).Stop(), "'k' is set twice"),
        ("an ordered dictionary of numbers", w => w.Proto().Global("collections", "OrderedDict").Value(new object?[] { new List<object?> { 1 } })
            .Op('R').Stop(), "from pairs"),

        ("a string longer than the file", w => w.Proto().Op('X').UInt32(1000).Raw(65), "1000 bytes needed"),
        ("a string of 2^63 bytes", w => w.Proto(4).Raw(0x8D).UInt64(1UL << 63).Raw(65), "9223372036854775808 bytes needed"),
        ("bytes of 2^64 - 1 bytes", w => w.Proto(4).Raw(0x8E).UInt64(ulong.MaxValue).Raw(65), "18446744073709551615 bytes needed"),
        ("a string that is not UTF-8", w => w.Proto().Op('X').UInt32(2).Raw(0xC3, 0x28).Stop(), "not UTF-8"),
        ("an integer of negative length", w => w.Proto().Raw(0x8B).UInt32(0x8000_0000).Stop(), "an integer of -2147483648 bytes"),
        ("an integer of 2 GB", w => w.Proto().Raw(0x8B).UInt32(int.MaxValue).Stop(), "2147483647 bytes needed"),
        ("a number cut short", w => w.Proto().Op('G').Raw(1, 2, 3), "8 bytes needed"),
        ("a frame longer than the file", w => w.Proto(4).Raw(0x95).UInt64(1 << 20).Op('}').Stop(), "a frame of 1048576 bytes"),
        ("a frame inside a frame", w => w.Proto(4).Raw(0x95).UInt64(11).Raw(0x95).UInt64(1).Op('}').Stop(), "inside another"),
        ("an instruction across the end of a frame", w => w.Proto(4).Raw(0x95).UInt64(1).Int(1).Stop(), "crosses the end of its frame"),
        ("a bomb of empty lists", w => w.Proto().Raw([.. Enumerable.Repeat((byte)']', 2_000_000)]).Stop(), "unpacks to far more"),
        ("a bomb of copied lists", WriteCopyBomb, "unpacks to far more"),
        ("a bomb of memo entries", WriteMemoBomb, "unpacks to far more"),

        ("a memo entry of 2^32 - 1", w => w.Proto().Op('}').Op('r').UInt32(uint.MaxValue).Op('j').UInt32(uint.MaxValue - 1).Stop(),
            "entry 4294967295 of the memo is set before entry 0"),   // CVE-2018-20406: a memo that is an array
        ("memo entries far apart", WriteSparseMemo, "entry 8419 of the memo is set before entry 1"),   // all in one chain of a hash table
        ("a gap in the memo", w => w.Proto().Op('}').Raw((byte)'q', 1).Raw((byte)'q', 3).Stop(), "entry 3 of the memo is set before entry 2"),
        ("the entry before a memo numbered from 1", w => w.Proto().Op('}').Raw((byte)'q', 1).Raw((byte)'h', 0).Stop(), "memo has no entry 0"),
        ("a key that doubles sixty times", w => w.Proto().Op('}').Int(1).Raw([.. Enumerable.Repeat((byte[])[(byte)'2', 0x86], 60).SelectMany(two => two)])
            .Int(1).Op('s').Stop(), "not a checkpoint of a family"),
        ("tuples 100,000 deep", w => w.Proto().Op(')').Raw([.. Enumerable.Repeat((byte)0x85, 100_000)]).Stop(), "not a dictionary"),

        ("a storage that is no tuple", w => w.Proto().Int(1).Op('Q').Stop(), "storage is not described"),
        ("a storage of no storage type", w => Storage(w.Proto(), "float32", "0", 4).Stop(), "torch.float32 is not a type of storage"),
        ("a storage that is not in the archive", w => Storage(w.Proto(), "FloatStorage", "9", 4).Stop(), "no entry for the storage '9'"),
        ("a storage outside the archive", w => Storage(w.Proto(), "FloatStorage", "../../../etc/passwd", 4).Stop(),
            "no entry for the storage"),
        ("a storage larger than its entry", w => Storage(w.Proto(), "FloatStorage", "0", 5).Stop(),
            "5 elements of 4 bytes; the archive has 16 bytes"),
        ("a storage of -1 elements", w => Storage(w.Proto(), "FloatStorage", "0", -1).Stop(), "said to have -1 elements"),
        ("a storage of 2^62 elements", w => Storage(w.Proto(), "FloatStorage", "0", 1L << 62).Stop(),
            "said to have 4611686018427387904 elements"),
        ("an element type that no weight has", w => Storage(w.Proto(), "ComplexDoubleStorage", "0", 1).Stop(),
            "'torch.ComplexDoubleStorage'"),
        ("a tensor without strides", w => Tensor(w, [0, Tuple(4)]), "a tensor is not described as"),
        ("a tensor of 17 dimensions", w => Tensor(w, [0, Tuple(new long[17]), Tuple(new long[17])]), "17 dimensions"),
        ("a size that is a string", w => Tensor(w, [0, new object?[] { "4" }, Tuple(1)]), "size is a string"),
        ("a size of more than 64 bits", w => Tensor(w, [0, new object?[] { (Action<PickleWriter>)(p => p.Raw(0x8A, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1)) }, Tuple(1)]),
            "size is an integer of more than 64 bits"),
        ("a parameter of no tensor", w => w.Proto().Global("torch._utils", "_rebuild_parameter").Value(new object?[] { 1 }).Op('R').Stop(),
            "a parameter is not described by a tensor"),
        ("a root that is no dictionary", w => w.Proto().Int(1).Stop(), "holds an integer, not a dictionary"),
        ("a root that contains itself", w => w.Proto().Op('}').Raw((byte)'q', 0).Text("model").Raw((byte)'h', 0).Op('s').Stop(),
            "not a checkpoint of a family"),
    ];

    private static object?[] Command => ["true"];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Action<PickleWriter> write, string reason) = Rows.Single(row => row.Name == name);
        var writer = new PickleWriter();
        write(writer);
        return (TinyCheckpoint.Zip(writer.ToArray(), [new byte[16]], []).ToArray(), reason);
    }

    private static object?[] Tuple(params long[] sizes) => [.. sizes.Select(size => (object)size)];

    private static PickleWriter Storage(PickleWriter writer, string type, string key, long count) =>
        writer.Op('(').Text("storage").Global("torch", type).Text(key).Text("cpu").Int(count).Op('t').Op('Q');

    private static void Tensor(PickleWriter writer, object?[] description)
    {
        Storage(writer.Proto().Global("torch._utils", "_rebuild_tensor_v2").Op('('), "FloatStorage", "0", 4);
        foreach (object? item in description)
            writer.Value(item);
        writer.Op('t').Op('R').Stop();
    }

    // Five bytes copy a list of any length.
    private static void WriteCopyBomb(PickleWriter writer)
    {
        writer.Proto().Op(']').Raw((byte)'q', 0).Op('(').Raw([.. Enumerable.Repeat((byte)'N', 100_000)]).Op('e').Op('0');
        writer.Global("builtins", "set").Raw((byte)'q', 1).Op('0').Op('(');
        for (int i = 0; i < 10_000; i++)
            writer.Raw((byte)'h', 1, (byte)'h', 0, 0x85, (byte)'R');
        writer.Op('t').Stop();
    }

    private static void WriteSparseMemo(PickleWriter writer)
    {
        const uint Prime = 8419;   // a table's size
        writer.Proto().Op('}');
        for (uint i = 0; i < 100_000; i++)
            writer.Op('r').UInt32(i * Prime);
        writer.Stop();
    }

    private static void WriteMemoBomb(PickleWriter writer)
    {
        writer.Proto(4).Op('}').Raw([.. Enumerable.Repeat((byte)0x94, 2_000_000)]).Stop();
    }
}
