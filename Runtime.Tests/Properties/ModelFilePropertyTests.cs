using System.Text.Json.Nodes;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Properties;

/// <summary>What is written is what is read, and what is read is written as the same bytes: any config, tokenizer, text and tensor.</summary>
public class ModelFilePropertyTests
{
    [Fact]
    public void Open_gives_what_was_written_and_writing_that_gives_the_same_bytes()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string first = folder.File("first.bin"), second = folder.File("second.bin");
        Property.Holds(ModelPlan.All, plan =>
        {
            ModelDescription model = plan.Describe();
            Dictionary<string, byte[]> tensors = plan.Tensors();
            ModelFile.Write(first, model, plan.Type, spec => stream => WriteInPieces(tensors[spec.Name], stream), overwrite: true);

            using ModelFile read = ModelFile.Open(first);
            read.File.VerifyChecksums();
            AssertSame(model, read.Description);
            foreach ((string name, byte[] bytes) in tensors)
                Assert.Equal(bytes, Bytes(read.File, name).ToArray());

            ModelFile.Write(second, read.Description, plan.Type, spec => stream => stream.Write(Bytes(read.File, spec.Name).Span), overwrite: true);
            Assert.Equal(File.ReadAllBytes(first), File.ReadAllBytes(second));
        }, cases: 40);
    }

    private static void AssertSame(ModelDescription expected, ModelDescription actual)
    {
        Assert.Equal(expected.Config, actual.Config);
        Assert.Equal(expected.Generation, actual.Generation);
        Assert.True(JsonNode.DeepEquals(expected.Source, actual.Source), $"source: {expected.Source} written, {actual.Source} read");
        Assert.Equal(expected.Tokenizer is null, actual.Tokenizer is null);
        if (expected.Tokenizer is not { } written || actual.Tokenizer is not { } read)
            return;
        Assert.Equal((written.Kind, written.TokenCount), (read.Kind, read.TokenCount));
        Assert.Equal(written.TokenOffsets.ToArray(), read.TokenOffsets.ToArray());
        Assert.Equal(written.TokenBytes.ToArray(), read.TokenBytes.ToArray());
        Assert.Equal(written.Merges.ToArray(), read.Merges.ToArray());
        Assert.Equal(written.SpecialTokens.OrderBy(token => token.Value), read.SpecialTokens.OrderBy(token => token.Value));
    }

    private static ReadOnlyMemory<byte> Bytes(WeightsFile file, string name)
    {
        SectionInfo section = file.Sections.Single(section => section.Name == name);
        return file.Bytes(name, section.Type, [.. section.Shape]);
    }

    private static void WriteInPieces(byte[] bytes, Stream stream)
    {
        for (int at = 0, length = 1; at < bytes.Length; at += length, length = (length * 3) % 257)
            stream.Write(bytes.AsSpan(at, Math.Min(length, bytes.Length - at)));
    }
}
