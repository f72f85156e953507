namespace MyGpt.Runtime.Tests.Checkpoints.HuggingFace;

/// <summary>Safetensors files that must be refused, one row per cause. Each is a valid file of two tensors but for one thing.</summary>
internal static class HostileSafetensors
{
    private const string Notes = "\"__metadata__\":{\"format\":\"pt\"}", A = "\"a\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]}",
        B = "\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]}";

    private const int DataLength = 32;

    private static readonly (string Name, Func<byte[]> Make, string Reason)[] Rows =
    [
        ("a part of the length", () => Valid()[..5], "the file has 5 bytes; a safetensors file has 8 with the length"),
        ("the length alone", () => Valid()[..8], "the file has 8 bytes; a safetensors file has 8 with the length"),
        ("a header one byte longer than the file", () => [.. TestSafetensors.Length(11), .. "{}        "u8],
            "is said to have 11 bytes, but the file has 18"),
        ("a header of more than 100 MB", () => Lie(100_000_001), "is said to have 100000001 bytes; at most 100000000 are read"),
        ("a header of 100 MB in a small file", () => Lie(100_000_000), "is said to have 100000000 bytes, but the file has "),
        ("a header of 2^63 bytes", () => Lie(1UL << 63), "is said to have 9223372036854775808 bytes"),
        ("a header of 2^64 - 1 bytes", () => Lie(ulong.MaxValue), "is said to have 18446744073709551615 bytes"),
        ("an empty header", () => Lie(0), "the header of 0 bytes does not begin with '{'"),
        ("a header that is a list", () => TestSafetensors.Raw("[1]", []), "does not begin with '{' at byte 8"),
        ("a blank before the header", () => TestSafetensors.Raw(" {" + A + "," + B + "}", new byte[DataLength]), "does not begin with '{'"),
        ("a byte-order mark before the header", () => TestSafetensors.Raw("\uFEFF{}", []), "does not begin with '{'"),
        ("a header cut short", () => Lie((ulong)Valid().AsSpan().IndexOf("}}"u8) - 8), "this is no JSON"),
        ("a header that runs into the data", () => [.. TestSafetensors.Length(9), .. "{\"x\":{}}"u8, 1], "the header, byte 16: this is no JSON"),
        ("two headers", () => TestSafetensors.Raw("{}{}", []), "the header, byte 10: this is no JSON"),
        ("a header of binary data", () => TestSafetensors.Raw([(byte)'{', 0, 1, 2], []), "the header, byte 9: this is no JSON"),
        ("nesting without end", () => TestSafetensors.Raw(string.Concat(Enumerable.Repeat("{\"a\":", 100_000)), []), "depth of 64"),
        ("a header that becomes a thousand times its size", () => TestSafetensors.Raw("{\"a\":[" + string.Concat(Enumerable.Repeat("{},", 150_000)) + "{}]}", []),
            "unpacks to far more than its own size"),
        ("a name twice", () => With(A, A), "the name 'a' occurs twice"),
        ("a name twice, once in escapes", () => With(A, B.Replace("\"b\"", "\"\\u0061\"", StringComparison.Ordinal)), "the name 'a' occurs twice"),
        ("a field twice", () => With(A.Replace("\"shape\"", "\"dtype\":\"F32\",\"shape\"", StringComparison.Ordinal), B), "the name 'dtype' occurs twice"),
        ("a name that is not UTF-8", () => TestSafetensors.Raw([(byte)'{', (byte)'"', 0xC3, (byte)'"', .. ":1}"u8], []), "the header, byte 9: a string is neither"),
        ("a name with half a surrogate pair", () => With("\"\\ud800\":{}"), "the header, byte 9: a string is neither UTF-8 nor"),

        ("a tensor that is a number", () => With("\"a\":3"), "tensor 'a': the header has an integer for it"),
        ("a tensor that is null", () => With("\"a\":null"), "tensor 'a': the header has nothing for it"),
        ("a tensor that is a list", () => With("\"a\":[0,24]"), "tensor 'a': the header has a list for it"),
        ("a field that no version has", () => With(A.Replace("\"shape\"", "\"strides\":[1,2],\"shape\"", StringComparison.Ordinal), B),
            "tensor 'a': the header has a field 'strides'"),
        ("no dtype", () => Tensor("\"shape\":[2,3],\"data_offsets\":[0,24]"), "tensor 'a': the header does not say its dtype"),
        ("a dtype that is a number", () => Tensor("\"dtype\":32,\"shape\":[2,3],\"data_offsets\":[0,24]"), "tensor 'a': the header does not say its dtype"),
        ("an 8-bit float", () => Type("F8_E4M3"), "tensor 'a' has the dtype 'F8_E4M3', which is not read"),
        ("an unsigned integer of 64 bits", () => Type("U64"), "tensor 'a' has the dtype 'U64'"),
        ("a dtype in small letters", () => Type("f32"), "tensor 'a' has the dtype 'f32'"),
        ("a dtype with a line break", () => Type("F32\\n"), "tensor 'a' has the dtype 'F32\\u000A'"),
        ("no shape", () => Tensor("\"dtype\":\"F32\",\"data_offsets\":[0,24]"), "tensor 'a': the header does not say its shape"),
        ("a shape that is a number", () => Shape("6"), "tensor 'a': the header does not say its shape"),
        ("a shape with a fraction", () => Shape("[2.0,3]"), "tensor 'a': its shape has a number with a fraction"),
        ("a shape of strings", () => Shape("[\"2\",3]"), "tensor 'a': its shape has a string"),
        ("a negative size", () => Shape("[-2,-3]"), "tensor 'a': its shape has -2"),
        ("a size beyond 64 bits", () => Shape("[18446744073709551618,3]"), "the integer 18446744073709551618 has more than 64 bits"),
        ("a product of sizes that wraps around to 6", () => Shape("[6148914691236517206,3,4611686018427387905]"), "needs more than 2^63 bytes"),
        ("a product of sizes that wraps around to 0", () => Shape("[4294967296,4294967296]"), "needs more than 2^63 bytes"),
        ("a number of bytes that wraps around", () => Shape("[4611686018427387910]"), "needs more than 2^63 bytes"),
        ("a number of elements near 2^61", () => Shape("[2305843009213693951]"), "needs 9223372036854775804 bytes, its data_offsets hold 24"),
        ("65 dimensions", () => Shape($"[{string.Join(',', Enumerable.Repeat(1, 64))},6]"), "tensor 'a' has 65 dimensions"),
        ("more elements than data", () => Shape("[7]"), "tensor 'a': float32 of shape [7] needs 28 bytes, its data_offsets hold 24"),
        ("fewer elements than data", () => Shape("[]"), "tensor 'a': float32 of shape [] needs 4 bytes, its data_offsets hold 24"),
        ("no elements, and data", () => Shape("[0,3]"), "tensor 'a': float32 of shape [0, 3] needs 0 bytes, its data_offsets hold 24"),
        ("no elements by sizes that wrap around", () => Shape("[9223372036854775807,9223372036854775807,0]"), "needs 0 bytes, its data_offsets hold 24"),
        ("no place", () => Tensor("\"dtype\":\"F32\",\"shape\":[2,3]"), "tensor 'a': the header does not say its data_offsets"),
        ("a place that is an object", () => Place("{\"begin\":0,\"end\":24}"), "tensor 'a': the header does not say its data_offsets"),
        ("a place without an end", () => Place("[0]"), "tensor 'a': data_offsets must be two integers"),
        ("a place with three ends", () => Place("[0,12,24]"), "tensor 'a': data_offsets must be two integers"),
        ("a place with a fraction", () => Place("[0,24.0]"), "tensor 'a': its data_offsets has a number with a fraction"),
        ("a place before the data", () => Place("[-24,0]"), "tensor 'a': its data_offsets has -24"),
        ("a place that ends before it begins", () => Place("[24,0]"), "tensor 'a': data_offsets [24, 0] found"),
        ("a place beyond the file", () => Place("[16,40]"), "tensor 'a': data_offsets [16, 40] found; they must be ordered and within the 32 bytes"),
        ("a place near 2^63", () => Place("[9223372036854775783,9223372036854775807]"), "tensor 'a': data_offsets [9223372036854775783, "),
        ("data cut short by one byte", () => Valid()[..^1], "tensor 'b': data_offsets [24, 32] found"),
        ("two tensors in one place", () => With(A, "\"b\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[0,24]}"), "they overlap"),
        ("two tensors that overlap by one byte", () => With(A, "\"b\":{\"dtype\":\"U8\",\"shape\":[9],\"data_offsets\":[23,32]}"),
            "tensor 'b' begins at byte 23 of the data, but tensor 'a' before it ends at byte 24"),
        ("a tensor without elements inside another", () => With(A, B, "\"c\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[8,8]}"), "they overlap"),
        ("bytes before the first tensor", () => With("\"b\":{\"dtype\":\"F16\",\"shape\":[4],\"data_offsets\":[24,32]}"), "24 bytes from byte 0 of the data on"),
        ("bytes between two tensors", () => With(A, "\"b\":{\"dtype\":\"F16\",\"shape\":[3],\"data_offsets\":[26,32]}"), "2 bytes from byte 24 of the data on"),
        ("bytes after the last tensor", () => [.. Valid(), 0], "1 byte from byte 32 of the data on"),
        ("data without tensors", () => With(), "32 bytes from byte 0 of the data on"),
        ("notes that are a string", () => With("\"__metadata__\":\"pt\"", A, B), "__metadata__ must be an object of strings"),
        ("notes with a number", () => With("\"__metadata__\":{\"step\":3}", A, B), "__metadata__ must be an object of strings"),
        ("notes with an object", () => With("\"__metadata__\":{\"format\":{\"name\":\"pt\"}}", A, B), "__metadata__ must be an object of strings"),
    ];

    public static TheoryData<string> Names => [.. Rows.Select(row => row.Name)];

    public static (byte[] File, string Reason) Make(string name)
    {
        (_, Func<byte[]> make, string reason) = Rows.Single(row => row.Name == name);
        return (make(), reason);
    }

    /// <summary>What the rows are made from.</summary>
    public static byte[] Valid() => With(Notes, A, B);

    private static byte[] With(params string[] entries) => TestSafetensors.Raw($"{{{string.Join(',', entries)}}}", new byte[DataLength]);

    private static byte[] Tensor(string fields) => With($"\"a\":{{{fields}}}", B);

    private static byte[] Type(string type) => With(A.Replace("F32", type, StringComparison.Ordinal), B);

    private static byte[] Shape(string shape) => With(A.Replace("[2,3]", shape, StringComparison.Ordinal), B);

    private static byte[] Place(string place) => With(A.Replace("[0,24]", place, StringComparison.Ordinal), B);

    private static byte[] Lie(ulong length) => [.. TestSafetensors.Length(length), .. Valid()[8..]];
}
