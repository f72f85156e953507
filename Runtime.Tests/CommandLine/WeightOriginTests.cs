using System.Text.Json.Nodes;
using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.CommandLine;

public class WeightOriginTests
{
    [Theory]
    [InlineData(true, "bfloat16")]
    [InlineData(false, "bfloat16", "float32")]
    [InlineData(false, "float32", "bfloat16")]
    [InlineData(false, "float16")]
    [InlineData(false)]
    public void Bf16_is_exact_where_every_matrix_of_the_checkpoint_was(bool exact, params string[] sources)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var types = new JsonArray([.. sources.Select(source => JsonValue.Create(source))]);
        ModelDescription description = new() { Config = TinyModels.Config, Source = new JsonObject { ["matrix_types"] = types } };
        ModelFile.Write(folder.File("w.bin"), description, ElementType.Bf16,
            spec => stream => stream.Write(new byte[spec.Rows * spec.Columns * (spec.IsMatrix ? 2 : 4)]), overwrite: false);
        using LanguageModel model = LanguageModel.Open(folder.File("w.bin"));
        WeightOrigin origin = WeightOrigin.Of(model);
        Assert.Equal(("bf16", exact), (origin.Stored, origin.IsExact));
    }
}
