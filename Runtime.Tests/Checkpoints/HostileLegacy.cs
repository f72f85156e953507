using System.Text;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Files in the legacy format that are damaged or lie: one row per cause. Each is a valid file but for one change.</summary>
internal static class HostileLegacy
{
    private static readonly (string Name, Action<TestLegacy> Change, string Reason)[] Rows =
    [
        ("nothing after the magic number", f => Cut(f, f.Magic.Length), "the version, byte 15: the pickle ends without STOP"),
        ("another version", f => f.Version = TestLegacy.Pickle(1000), "in the version 1000; 1001 is the one"),
        ("a version of more than 64 bits", f => f.Version = new PickleWriter().Proto().Raw(0x8A, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1).Stop().ToArray(),
            "in the version an integer of more than 64 bits"),
        ("a version that is text", f => f.Version = TestLegacy.Pickle("1001"), "in the version a string"),
        ("a version of protocol 0", f => f.Version = Encoding.ASCII.GetBytes("I1001\n."), "does not begin with PROTO"),
        ("facts that call a function", f => f.Facts = Call("os", "system"), "the facts about the machine, byte 30: the pickle asks for 'os.system'"),
        ("facts of 70 kB", f => f.Facts = TestLegacy.Pickle(new string('x', 70_000)), "70000 bytes needed, "),
        ("facts with a tensor", f => f.Facts = new PickleWriter().Proto().Value(TestTensor.Random(1, 2), _ => "0").Stop().ToArray(),
            "a tensor is in a pickle that can have none"),
        ("an object that calls a function", f => f.Object = Call("posix", "system"), "'posix.system'"),
        ("an object cut short", f => Cut(f, f.ToArray().Length / 3), "the object, byte "),
        ("an object with a string beyond the file", f => f.Object = new PickleWriter().Proto().Op('X').UInt32(1 << 30).ToArray(),
            "1073741824 bytes needed"),
        ("an object with a line without an end", f => Cut(f, [.. f.Magic, .. f.Version, .. f.Facts, 0x80, 2, .. Encoding.ASCII.GetBytes("ctorch")]),
            "a line of text has no end"),
        ("an object with a string of negative length", f => f.Object = new PickleWriter().Proto().Op('T').UInt32(0x8000_0000).Stop().ToArray(),
            "a string of -2147483648 bytes"),
        ("a module with its source", f => f.Object = new PickleWriter().Proto().Value(new object?[] { "module", null, "model.py", "class GPT" })
            .Op('Q').Stop().ToArray(), "a tensor's storage is not described"),
        ("a bomb of empty lists", f => f.Object = new PickleWriter().Proto().Raw([.. Enumerable.Repeat((byte)']', 2_000_000)]).Stop().ToArray(),
            "unpacks to far more"),

        ("no list of storages", f => Cut(f, [.. f.Magic, .. f.Version, .. f.Facts, .. f.Object]),
            "the list of storages, byte "),
        ("a list of storages that is a tuple", f => f.Keys = TestLegacy.Pickle(new object?[] { "1" }), "the list of storages is a tuple"),
        ("a key that is a number", f => f.Keys = TestLegacy.Pickle(new List<object> { 1 }), "the list of storages has an integer in it"),
        ("a key that no tensor has", f => f.Keys = TestLegacy.Pickle(new List<object> { "1" }), "lists the storage '1', of which no tensor"),
        ("a key twice", f => f.Keys = TestLegacy.Pickle(new List<object> { TestLegacy.Name(0), TestLegacy.Name(0) }), "is listed twice"),
        ("a key that is missing", f => f.But(RemoveLast), "is missing in the file's list of storages"),
        ("100001 keys", f => f.Keys = TestLegacy.Pickle(Enumerable.Repeat((object)"1", 100_001).ToList()), "lists 100001 storages"),

        ("a storage of other size", f => f.Storages[0] = (21, f.Storages[0].Data), "has 21 elements; the tensors need one of 20"),
        ("a storage of negative size", f => f.Storages[0] = (-20, f.Storages[0].Data), "has -20 elements"),
        ("a storage of 2^63 - 1 elements", f => f.Storages[0] = (long.MaxValue, f.Storages[0].Data), "has 9223372036854775807 elements"),
        ("a file that ends in a size", f => Cut(f, f.ToArray().Length - f.Storages[^1].Data.Length - 3), "8 bytes needed for its size, 5 are left"),
        ("a file that ends in a storage", f => Cut(f, f.ToArray().Length - 1), "bytes needed, "),
        ("bytes after the last storage", f => f.End = [0, 0, 0], "3 bytes follow the last storage"),
        ("a storage beyond the file", f => Tensor(f, 1L << 40, null), "4398046511104 bytes needed, 16 are left in the file"),
        ("a storage of 2^62 elements", f => Tensor(f, 1L << 62, null), "said to have 4611686018427387904 elements"),
        ("a storage of -1 elements", f => Tensor(f, -1, null), "said to have -1 elements"),
        ("a storage in two sizes", f => f.Object = new PickleWriter().Proto().Op('(').But(w => Storage(w, 4, null)).But(w => Storage(w, 5, null)).Op('t')
            .Stop().ToArray(), "said to have 5 elements of 4 bytes; the archive has 16 bytes"),
        ("a part beyond its storage", f => Tensor(f, 4, new object?[] { "v", 2, 3 }), "3 elements from 2 on are no part of a storage of 4"),
        ("a part before its storage", f => Tensor(f, 4, new object?[] { "v", -1, 3 }), "3 elements from -1 on are no part"),
        ("a part of negative size", f => Tensor(f, 4, new object?[] { "v", 1, -1 }), "-1 elements from 1 on are no part"),
        ("a part whose end wraps around", f => Tensor(f, 4, new object?[] { "v", 1, long.MaxValue }), "elements from 1 on are no part"),
        ("a part without a size", f => Tensor(f, 4, new object?[] { "v", 1 }), "a part of a storage is not described"),
        ("a tensor beyond its part", f => Tensor(f, 4, new object?[] { "v", 1, 3 }), "goes beyond its storage"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Action<TestLegacy> change, string reason) = Rows.Single(row => row.Name == name);
        return (TestLegacy.Of(new TinyCheckpoint().Object).But(change).ToArray(), reason);
    }

    private static byte[] Call(string module, string name) =>
        new PickleWriter().Proto().Global(module, name).Value(new object?[] { "true" }).Op('R').Stop().ToArray();

    private static void Cut(TestLegacy file, int length) => Cut(file, file.ToArray()[..length]);

    private static void Cut(TestLegacy file, byte[] bytes)
    {
        file.Version = file.Facts = file.Object = file.Keys = [];
        file.Storages.Clear();
        file.Magic = bytes;
    }

    private static void RemoveLast(TestLegacy file)
    {
        file.Storages.RemoveAt(file.Storages.Count - 1);
        file.Keys = TestLegacy.Pickle(file.Storages.Select((_, index) => (object)TestLegacy.Name(index)).ToList());
    }

    // A state dict of one vector of four numbers.
    private static void Tensor(TestLegacy file, long count, object?[]? part)
    {
        var writer = new PickleWriter().Proto().Op('}').Text("token_embedding.embedding.weight").Global("torch._utils", "_rebuild_tensor_v2").Op('(');
        Storage(writer, count, part);
        file.Object = writer.Int(0).Value(new object?[] { 4, 1 }).Value(new object?[] { 1, 1 }).Op('t').Op('R').Op('s').Stop().ToArray();
        file.Keys = TestLegacy.Pickle(new List<object> { "0" });
        file.Storages.Clear();
        file.Storages.Add((count, new byte[16]));
    }

    private static void Storage(PickleWriter writer, long count, object?[]? part) =>
        writer.Op('(').Text("storage").Global("torch", "FloatStorage").Text("0").Text("cpu").Int(count).Value(part).Op('t').Op('Q');
}
