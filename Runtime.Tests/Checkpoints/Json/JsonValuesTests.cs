using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers.Json;
using MyGpt.Checkpoints.Values;

namespace MyGpt.Runtime.Tests.Checkpoints.Json;

public class JsonValuesTests
{
    [Fact]
    public void Read_keeps_every_kind_of_value_and_its_order()
    {
        var root = (DictValue)Read("""{"z": [null, true, false, -3, 2.5, "a\u00E9\n"], "a": {"inner": {}}, "empty": []}""");

        Assert.Equal(["z", "a", "empty"], root.TextKeys);
        List<Value> items = root.Get<ListValue>("z")!.Items;
        Assert.Same(NoneValue.Instance, items[0]);
        Assert.Same(BoolValue.True, items[1]);
        Assert.Same(BoolValue.False, items[2]);
        Assert.Equal(-3, ((IntegerValue)items[3]).Value);
        Assert.Equal(2.5, ((RealValue)items[4]).Value);
        Assert.Equal("aé\n", ((TextValue)items[5]).Value);
        Assert.Empty(root.Get<DictValue>("a")!.Get<DictValue>("inner")!.Items);
        Assert.Empty(root.Get<ListValue>("empty")!.Items);
    }

    [Theory]
    [InlineData("9223372036854775807", long.MaxValue)]
    [InlineData("-9223372036854775808", long.MinValue)]
    [InlineData("-0", 0L)]
    public void Read_integers_to_the_last_bit(string json, long expected) => Assert.Equal(expected, ((IntegerValue)Read(json)).Value);

    [Theory]
    [InlineData("0.1", 0.1)]
    [InlineData("1e-05", 1e-05)]
    [InlineData("2E3", 2000)]
    [InlineData("1.7976931348623157e308", double.MaxValue)]
    [InlineData("4.9e-324", double.Epsilon)]
    [InlineData("1e-400", 0)]
    public void Read_rounds_a_number_to_the_nearest_binary64(string json, double expected) =>
        Assert.Equal(expected, ((RealValue)Read(json)).Value);

    [Fact]
    public void Read_skips_a_byte_order_mark_and_white_space() =>
        Assert.Equal(1, ((IntegerValue)JsonValues.Read([.. Encoding.UTF8.Preamble, .. " \r\n\t1\n"u8], "x")).Value);

    [Fact]
    public void Read_takes_the_escape_of_a_surrogate_pair() =>
        Assert.Equal("😀", ((TextValue)Read("\"\\ud83d\\ude00\"")).Value);

    [Theory]
    [InlineData("", "byte 0: this is no JSON")]
    [InlineData("   ", "byte 3: this is no JSON")]
    [InlineData("{\"a\": 1,}", "byte 8: this is no JSON")]
    [InlineData("{\"a\": 1}\n\n x", "byte 11: this is no JSON: 'x'")]
    [InlineData("{\"a\": 1", "byte 7: this is no JSON")]
    [InlineData("{'a': 1}", "byte 1: this is no JSON")]
    [InlineData("[1 2]", "byte 3: this is no JSON")]
    [InlineData("[tru]", "byte 1: this is no JSON: a word that is none of true, false and null")]
    [InlineData("{\"a\": nul", "byte 6: this is no JSON: a word that is none of")]
    [InlineData("truely", "byte 4: this is no JSON")]
    [InlineData("[NaN]", "byte 1: this is no JSON")]
    [InlineData("[Infinity]", "byte 1: this is no JSON")]
    [InlineData("[01]", "byte 2: this is no JSON")]
    [InlineData("[1.]", "byte 3: this is no JSON")]
    [InlineData("[1] // why", "byte 4: this is no JSON")]
    [InlineData("\"a\nb\"", "byte 2: this is no JSON")]
    [InlineData("\"\\x41\"", "byte 2: this is no JSON")]
    [InlineData("{\"a\": 1, \"b\": 2, \"a\": 3}", "byte 17: the name 'a' occurs twice")]
    [InlineData("{\"a\": 1, \"\\u0061\": 3}", "byte 9: the name 'a' occurs twice")]
    [InlineData("[1, 9223372036854775808]", "byte 4: the integer 9223372036854775808 has more than 64 bits")]
    [InlineData("-9223372036854775809", "byte 0: the integer -9223372036854775809 has more than 64 bits")]
    [InlineData("[1e309]", "byte 1: the number 1e309 is too large for binary64")]
    [InlineData("[-1e999999999999]", "byte 1: the number -1e999999999999 is too large for binary64")]
    [InlineData("[\"\\ud800\"]", "byte 1: a string is neither UTF-8 nor an escape of a character")]
    [InlineData("{\"\\udc00\": 1}", "byte 1: a string is neither UTF-8 nor an escape of a character")]
    [InlineData("[\"\\ud800\\ud800\"]", "byte 1: a string is neither UTF-8 nor an escape of a character")]
    public void Read_refuses_with_the_place(string json, string reason) =>
        Assert.StartsWith($"f.json, {reason}", Refuse(Encoding.UTF8.GetBytes(json)), StringComparison.Ordinal);

    [Fact]
    public void Read_refuses_bytes_that_are_not_UTF8()
    {
        Assert.Contains("f.json, byte 1: ", Refuse([(byte)'[', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)']']), StringComparison.Ordinal);
        Assert.Contains("f.json, byte 1: ", Refuse([(byte)'{', (byte)'"', 0xFF, (byte)'"', (byte)':', (byte)'1', (byte)'}']),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Read_counts_bytes_after_a_byte_order_mark() =>
        Assert.Contains("f.json, byte 4: ", Refuse([.. Encoding.UTF8.Preamble, .. "[x]"u8]), StringComparison.Ordinal);

    [Theory]
    [InlineData("[", 1_000_000)]
    [InlineData("{\"a\":", 200_000)]
    public void Read_refuses_deep_nesting_without_recursion(string opening, int times)
    {
        byte[] json = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(opening, times)));
        Assert.Contains("depth of 64", Refuse(json), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[],", 1_500_000)]
    [InlineData("{},", 400_000)]
    [InlineData("1,", 2_000_000)]
    [InlineData("\"\",", 1_500_000)]
    public void Read_refuses_small_text_that_becomes_many_objects(string item, int times)
    {
        byte[] json = Encoding.UTF8.GetBytes($"[{string.Concat(Enumerable.Repeat(item, times))}0]");
        long before = GC.GetAllocatedBytesForCurrentThread();

        string message = Refuse(json);

        Assert.Contains("unpacks to far more than its own size", message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (64 << 20) + (2L * json.Length));
    }

    private static Value Read(string json) => JsonValues.Read(Encoding.UTF8.GetBytes(json), "f.json");

    private static string Refuse(byte[] json)
    {
        string message = Assert.Throws<CheckpointException>(() => JsonValues.Read(json, "f.json")).Message;
        Assert.DoesNotContain(message, char.IsControl);
        return message;
    }
}
