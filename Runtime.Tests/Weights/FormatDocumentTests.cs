using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Weights;

/// <summary>Holds docs/weights-format.md to what the writer writes.</summary>
public sealed partial class FormatDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(TestFiles.Root, "docs", "weights-format.md"));

    [Fact]
    public void Hexdump_in_the_document_is_the_file_that_is_written()
    {
        byte[] file = WriteExample();
        MatchCollection lines = HexdumpLine().Matches(Document);
        Assert.True(lines.Count > 8);
        foreach (Match line in lines)
        {
            int offset = int.Parse(line.Groups[1].ValueSpan, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
            byte[] expected = Convert.FromHexString(line.Groups[2].Value.Replace(" ", "", StringComparison.Ordinal));
            Assert.Equal(expected, file[offset..(offset + expected.Length)]);
        }
        Assert.Contains($"The file has {file.Length} bytes.", Document, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_in_the_document_is_the_header_that_is_written()
    {
        byte[] file = WriteExample();
        string json = Encoding.UTF8.GetString(file, 20, BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(12)));
        Assert.Equal(json, JsonBlock().Match(Document).Groups[1].Value.Replace("\n", "", StringComparison.Ordinal));
    }

    private static byte[] WriteExample()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        ModelDescription model = new()
        {
            Config = new GptConfig
            {
                VocabSize = 2,
                ContextLength = 3,
                EmbeddingDim = 2,
                LayerCount = 1,
                HeadCount = 1,
                KvHeadCount = 1,
                HeadDim = 2,
                MlpDim = 4,
                NormBias = false,
                Activation = ActivationKind.Relu,
                TiedHead = true,
            },
            Tokenizer = TinyModels.Tokens(TokenizerKind.Characters, ["a"u8.ToArray(), "é"u8.ToArray()]),
            Generation = new GenerationDefaults { StartToken = 0 },
            Source = new() { ["file"] = "tiny.pt" },
        };
        int eighths = 0;
        ModelFile.Write(folder.File("tiny.bin"), model, ElementType.F32, spec => stream =>
        {
            Span<byte> element = stackalloc byte[sizeof(float)];
            for (int i = 0; i < spec.Rows * spec.Columns; i++)
            {
                BinaryPrimitives.WriteSingleLittleEndian(element, spec.IsMatrix ? ++eighths / 8f : 1f);
                stream.Write(element);
            }
        }, overwrite: false);
        return File.ReadAllBytes(folder.File("tiny.bin"));
    }

    [GeneratedRegex("^([0-9a-f]{8})  ((?:[0-9a-f]{2} {1,2}){1,16})", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex HexdumpLine();

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex JsonBlock();
}
