using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>Headers and sections to write, and a file that they may or may not replace.</summary>
internal static class TinyFile
{
    public static readonly byte[] OldFile = [1, 2, 3];

    public static JsonObject Header() =>
        new() { ["config"] = new JsonObject(), ["tokenizer"] = null, ["generation"] = new JsonObject(), ["source"] = new JsonObject() };

    public static SectionSource Source(string name, ElementType type, long[] shape) =>
        new(name, type, shape, stream => stream.Write(Content(name, type.RowBytes(shape.Aggregate(1L, (a, b) => a * b)))));

    public static byte[] Content(string name, long length)
    {
        byte[] content = new byte[length];
        new Random(name.Length).NextBytes(content);
        return content;
    }

    public static string OldFileIn(TemporaryFolder folder)
    {
        File.WriteAllBytes(folder.File("weights.bin"), OldFile);
        return folder.File("weights.bin");
    }

    public static void AssertOldFileAlone(TemporaryFolder folder, string path)
    {
        Assert.Equal([path], Directory.GetFileSystemEntries(folder.FullPath));
        Assert.Equal(OldFile, File.ReadAllBytes(path));
    }
}
