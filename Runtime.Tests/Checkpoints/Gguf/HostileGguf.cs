namespace MyGpt.Runtime.Tests.Checkpoints.Gguf;

/// <summary>GGUF files that are damaged or lie: one row per cause, each a valid file but for one change.</summary>
internal static class HostileGguf
{
    private const string Key = "general.architecture", Alignment = "general.alignment";

    private static readonly (string Name, Action<TestGguf> Change, string Reason)[] Rows =
    [
        ("version 1", f => f.Version = 1, "the header, byte 4: version 1 found, 2 or 3 needed"),
        ("version 4", f => f.Version = 4, "version 4 found"),
        ("the most significant byte first", f => f.Version = 0x0300_0000, "the file is big-endian"),
        ("2^64 - 1 tensors", f => f.TensorCount = ulong.MaxValue, "byte 8: 18446744073709551615 tensors found, at most 65536"),
        ("2^63 pairs", f => f.PairCount = 1UL << 63, "byte 16: 9223372036854775808 metadata pairs found"),
        ("a pair more than there is", f => f.PairCount = 3, "GGUF, tensor 0, byte 115: "),
        ("a pair less than there is", f => f.PairCount = 1, "GGUF, tensor "),
        ("a tensor more than there is", f => f.TensorCount = 3, "GGUF, tensor "),

        ("a key longer than 2^16 - 1", f => f.With(new string('k', 70_000), TestGguf.UInt8(1)), "a key of 70000 bytes, at most 65535"),
        ("a key of 2^64 - 1 bytes", f => f.Magic = Raw(TestGguf.Long(ulong.MaxValue)),
            "metadata pair 0, byte 24: a key of 18446744073709551615 bytes, "),
        ("a key twice", f => f.Metadata.Add((Key, TestGguf.UInt8(1))), "metadata 'general.architecture', byte "),
        ("a key that is not UTF-8", f => f.Magic = Raw([.. TestGguf.Long(1), 0xFF]), "a key is not UTF-8"),
        ("a value of unknown type", f => f.With("x", TestGguf.Int(13)), "value type 13 is none of GGUF's"),
        ("a truth value of 2", f => f.With("x", TestGguf.Bool(2)), "metadata 'x', byte 113: a truth value is 2"),
        ("a string longer than the file", f => f.With("x", [.. TestGguf.Int(8), .. TestGguf.Long(1 << 20)]), "a string of 1048576 bytes, "),
        ("a string of 2^63 bytes", f => f.With("x", [.. TestGguf.Int(8), .. TestGguf.Long(1UL << 63)]), "a string of 9223372036854775808 bytes"),
        ("a string that is not UTF-8", f => f.With("x", [.. TestGguf.Int(8), .. TestGguf.Long(2), 0xC3, 0x28]), "a string is not UTF-8"),
        ("an array of unknown type", f => f.With("x", TestGguf.Array(99, 1, 0)), "value type 99"),
        ("an array of arrays", f => f.With("x", TestGguf.Array(9, 1, TestGguf.Array(0, 1, 7))), "an array of arrays"),
        ("an array of 2^64 - 1 bytes", f => f.With("x", TestGguf.Array(0, ulong.MaxValue)), "18446744073709551615 items found"),
        ("an array longer than the file", f => f.With("x", TestGguf.Array(12, 4_000_000)), "8 bytes needed, "),
        ("a bomb of bytes", f => f.With("x", TestGguf.Array(0, 2_000_000, new byte[2_000_000])), "unpacks to far more"),
        ("a bomb of empty strings", f => f.With("x", TestGguf.Array(8, 700_000, new byte[8 * 700_000])), "unpacks to far more"),

        ("an alignment of 0", f => f.With(Alignment, TestGguf.UInt32(0)), "'general.alignment': 0 found, a power of two"),
        ("an alignment of 48", f => f.With(Alignment, TestGguf.UInt32(48)), "48 found, a power of two"),
        ("an alignment of 2^31", f => f.With(Alignment, TestGguf.UInt32(1U << 31)), "2147483648 found"),
        ("a negative alignment", f => f.With(Alignment, TestGguf.Int32(-32)), "-32 found"),
        ("an alignment that is text", f => f.With(Alignment, TestGguf.Text("32")), "'general.alignment': a string found"),

        ("a tensor's name of 2 kB", f => Change(f, t => t with { Name = new string('n', 2000) }), "a name of 2000 bytes, at most 1024"),
        ("a tensor twice", f => f.Tensors.Add(f.Tensors[0]), "two tensors named 'a'"),
        ("no dimensions", f => Change(f, t => t with { Dimensions = 0 }), "tensor 'a', byte "),
        ("five dimensions", f => Change(f, t => t with { Dimensions = 5 }), "5 dimensions found, 1 to 4"),
        ("2^32 - 1 dimensions", f => Change(f, t => t with { Dimensions = uint.MaxValue }), "4294967295 dimensions found"),
        ("a size of 0", f => Change(f, t => t with { Sizes = [0, 4] }), "a size of 0 found"),
        ("a size of 2^63", f => Change(f, t => t with { Sizes = [1UL << 63, 1] }), "a size of 9223372036854775808 found"),
        ("sizes whose product wraps around", f => Change(f, t => t with { Sizes = [1UL << 32, 1UL << 32] }), "more bytes than a file can have"),
        ("sizes whose bytes wrap around", f => Change(f, t => t with { Sizes = [1UL << 61, 2] }), "more bytes than a file can have"),
        ("a type that does not exist", f => Change(f, t => t with { Type = 4 }), "type 4 is none of ggml's"),
        ("a type of 2^32 - 1", f => Change(f, t => t with { Type = uint.MaxValue }), "type 4294967295"),
        ("rows that are no blocks", f => Change(f, t => t with { Type = TestGguf.Q8_0, Sizes = [33, 32] }), "rows of 33 numbers found, a multiple of 32"),
        ("more elements than bytes", f => Change(f, t => t with { Sizes = [3, 100] }), "1200 bytes from offset 0 needed"),
        ("an offset between two multiples", f => Change(f, t => t with { Offset = 8 }), "offset 8 found, a multiple of 32"),
        ("an offset beyond the file", f => Change(f, t => t with { Offset = 1 << 20 }), "24 bytes from offset 1048576 needed"),
        ("an offset of 2^64 - 32", f => Change(f, t => t with { Offset = ulong.MaxValue - 31 }), "offset 18446744073709551584 needed"),
        ("two tensors in one place", f => Change(f, t => t with { Offset = 32 }), "it begins at offset 32, inside"),
        ("two tensors that overlap", f => Change(f, t => t with { Sizes = [3, 4] }), "'b': it begins at offset 32, inside 'a', which has 48 bytes"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    /// <summary>A file of two float32 tensors, 24 and 16 bytes of the 32 that each takes.</summary>
    public static TestGguf Valid() => new TestGguf()
        .With(Key, TestGguf.Text("gpt2")).With("gpt2.block_count", TestGguf.UInt32(1))
        .Add("a", [1, 2, 3, 4, 5, 6], 2, 3).Add("b", [7, 8, 9, 10], 4);

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Action<TestGguf> change, string reason) = Rows.Single(row => row.Name == name);
        return (Valid().But(change).ToArray(), reason);
    }

    // A header of one pair and no tensors, in place of the magic number; what follows is part of the pair.
    private static byte[] Raw(byte[] pair) => [.. "GGUF"u8, .. TestGguf.Int(3), .. TestGguf.Long(0), .. TestGguf.Long(1), .. pair];

    private static void Change(TestGguf file, Func<TestGguf.Tensor, TestGguf.Tensor> change) => file.Tensors[0] = change(file.Tensors[0]);
}
