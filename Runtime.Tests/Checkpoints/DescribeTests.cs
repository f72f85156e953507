using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>What is said of a checkpoint without converting it.</summary>
public class DescribeTests
{
    [Fact]
    public void Describe_lists_family_config_and_tensors()
    {
        CheckpointDescription description = Converter.Describe(TestFiles.Fixture("nanogpt_char_nobias/ckpt.pt"));

        Assert.Equal("nanoGPT", description.Family);
        Assert.Equal(64, description.Config?.EmbeddingDim);
        CheckpointTensor embedding = description.Tensors[0];
        Assert.Equal(("transformer.wte.weight", "float32"), (embedding.Name, embedding.Type));
        Assert.Equal([65L, 64L], embedding.Shape);
    }

    [Fact]
    public void Describe_says_what_a_conversion_would_need()
    {
        CheckpointDescription description = Converter.Describe(TestFiles.Fixture("mygpt_ch15_bare_state_dict/trained_gpt.pt"));

        Assert.Null(description.Config);
        Assert.Equal("myGPT", description.Family);
        Assert.Equal(30, description.Tensors.Count);
        Assert.Contains(description.Lines, line => line.Kind == ReportKind.Warning && line.Text.Contains("--heads N",
            StringComparison.Ordinal));
    }

    [Fact]
    public void Describe_a_checkpoint_that_no_family_knows()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("other.pt"), TinyCheckpoint.Archive((List<(object, object?)>)[("conv1.weight", TestTensor.Random(1, 2, 3))]));

        CheckpointDescription description = Converter.Describe(folder.File("other.pt"));

        Assert.Null(description.Family);
        Assert.Equal("conv1.weight", Assert.Single(description.Tensors).Name);
        Assert.Contains(description.Lines, line => line.Text.Contains("'conv1.weight'", StringComparison.Ordinal));
    }

    [Fact]
    public void IsCheckpoint_knows_checkpoints_from_weights()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Conversion.Convert(folder, new TinyCheckpoint().ToArray()).Model.Dispose();
        File.WriteAllText(folder.File("empty"), "");

        Assert.True(CheckpointSniffer.IsCheckpoint(folder.File("tiny.pt")));
        Assert.True(CheckpointSniffer.IsCheckpoint(TestFiles.Fixture("malformed/legacy_not_zip.pt")));
        Assert.False(CheckpointSniffer.IsCheckpoint(folder.File("weights.bin")));
        Assert.False(CheckpointSniffer.IsCheckpoint(folder.File("empty")));
        Assert.False(CheckpointSniffer.IsCheckpoint(TestFiles.Fixture("malformed/text_renamed.pt")));
    }
}
