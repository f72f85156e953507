using System.Text.Json;
using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>The broken and hostile files of the fixtures, each as its manifest says.</summary>
public class MalformedFixtureTests
{
    private static readonly ConvertOptions TwoHeads = new() { Heads = 2 };

    public static TheoryData<string> Rejected => Files("reject");

    [Theory]
    [MemberData(nameof(Rejected))]
    public void Convert_refuses(string file)
    {
        string path = TestFiles.FixtureOrShared($"malformed/{file}") ?? TestFiles.Fixture($"malformed/{file}");

        string message = Conversion.Refuse(path, TwoHeads);

        if (Entry(file).TryGetProperty("tensor", out JsonElement tensor))
            Assert.Contains(tensor.GetString()!, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_accepts_the_control_and_its_twins_with_the_numbers_of_the_original()
    {
        Dictionary<string, uint[]> original = Convert(TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt"));

        foreach (string file in (string[])["control_valid.pt", "big_endian.pt", "legacy_not_zip.pt"])
        {
            Dictionary<string, uint[]> twin = Convert(TestFiles.Fixture($"malformed/{file}"));
            Assert.Equal(original.Keys, twin.Keys);
            Assert.All(original, tensor => Assert.Equal(tensor.Value, twin[tensor.Key]));
        }
    }

    private static Dictionary<string, uint[]> Convert(string checkpoint)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Converter.Convert(checkpoint, folder.File("weights.bin"), TwoHeads);
        using ModelFile model = ModelFile.Open(folder.File("weights.bin"));
        return Conversion.Tensors(model);
    }

    // The rows of readers whose files are not committed take part where the shared folder is.
    private static TheoryData<string> Files(string expectation) => [.. Manifest().EnumerateObject()
        .Where(file => file.Value.GetProperty("expect").GetString()!.StartsWith(expectation, StringComparison.Ordinal))
        .Select(file => file.Name)
        .Where(name => Path.Exists(TestFiles.Fixture($"malformed/{name}")) || TestFiles.FixtureOrShared($"malformed/{name}") is not null)];

    private static JsonElement Entry(string file) => Manifest().GetProperty(file);

    private static JsonElement Manifest()
    {
        using JsonDocument manifest = JsonDocument.Parse(File.ReadAllText(TestFiles.Fixture("malformed/manifest.json")));
        return manifest.RootElement.GetProperty("files").Clone();
    }
}
