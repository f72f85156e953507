using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;
using static MyGpt.Runtime.Tests.Weights.TinyFile;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>What the reader would refuse is not written.</summary>
public class UnwritableFilesTests
{
    public static TheoryData<string> Unreadable => [.. UnreadableInputs.Keys];

    private static Dictionary<string, (JsonObject Header, SectionSource[] Sections)> UnreadableInputs { get; } = new()
    {
        ["no section"] = (Header(), []),
        ["a name twice"] = (Header(), [Source("a", ElementType.U8, [1]), Source("a", ElementType.U8, [2])]),
        ["an empty name"] = (Header(), [Source("", ElementType.U8, [1])]),
        ["a name with a space"] = (Header(), [Source("a b", ElementType.U8, [1])]),
        ["a name of 129 characters"] = (Header(), [Source(new string('a', 129), ElementType.U8, [1])]),
        ["no dimension"] = (Header(), [Source("a", ElementType.U8, [])]),
        ["three dimensions"] = (Header(), [Source("a", ElementType.U8, [1, 1, 1])]),
        ["a negative size"] = (Header(), [Source("a", ElementType.U8, [-1])]),
        ["a size above 2^31 - 1"] = (Header(), [Source("a", ElementType.U8, [1L << 31])]),
        ["a shape of too many bytes"] = (Header(), [Source("a", ElementType.F32, [int.MaxValue, int.MaxValue])]),
        ["sections of too many bytes"] =
            (Header(), [.. Enumerable.Range(0, 3).Select(i => Source($"s{i}", ElementType.U8, [int.MaxValue, int.MaxValue]))]),
        ["no config"] = (Without("config"), [Source("a", ElementType.U8, [1])]),
        ["no source"] = (Without("source"), [Source("a", ElementType.U8, [1])]),
        ["an unknown key"] = (With("x", 1), [Source("a", ElementType.U8, [1])]),
        ["sections of its own"] = (With("sections", new JsonArray()), [Source("a", ElementType.U8, [1])]),
        ["a config that is no object"] = (With("config", 1), [Source("a", ElementType.U8, [1])]),
        ["a source that is too long"] =
            (With("source", new JsonObject { ["x"] = new string('x', 9 << 20) }), [Source("a", ElementType.U8, [1])]),
        ["a source that is too deep"] = (With("source", Nested(20)), [Source("a", ElementType.U8, [1])]),
    };

    [Theory]
    [MemberData(nameof(Unreadable))]
    public void Write_what_could_not_be_read_is_refused(string cause)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        (JsonObject header, SectionSource[] sections) = UnreadableInputs[cause];
        Assert.Throws<ArgumentException>(() => WeightsWriter.Write(path, header, sections, overwrite: true));
        AssertOldFileAlone(folder, path);
    }

    [Theory]
    [InlineData(0, "wrote 0 bytes, its shape has 12")]
    [InlineData(11, "wrote 11 bytes, its shape has 12")]
    [InlineData(13, "wrote 13 or more bytes, its shape has 12")]
    public void Write_section_of_another_length_than_its_shape_is_refused(int length, string problem)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string path = OldFileIn(folder);
        SectionSource section = Source("a.b", ElementType.F32, [3]) with { Write = stream => stream.Write(new byte[length]) };
        string message = Assert.Throws<InvalidOperationException>(
            () => WeightsWriter.Write(path, Header(), [section], overwrite: true)).Message;
        Assert.Equal($"section 'a.b': its writer {problem}.", message);
        AssertOldFileAlone(folder, path);
    }

    private static JsonObject Without(string key)
    {
        JsonObject header = Header();
        header.Remove(key);
        return header;
    }

    private static JsonObject With(string key, JsonNode value)
    {
        JsonObject header = Header();
        header[key] = value;
        return header;
    }

    private static JsonObject Nested(int depth)
    {
        JsonObject json = [];
        for (int i = 0; i < depth; i++)
            json = new JsonObject { ["x"] = json };
        return json;
    }
}
