using System.Runtime.InteropServices;
using System.Text;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class ConverterTests
{
    private const string Up = "transformer.h.1.mlp.c_fc.weight";

    [Fact]
    public void Convert_gives_the_same_bytes_every_time()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());

        Converter.Convert(folder.File("tiny.pt"), folder.File("a.bin"), new ConvertOptions());
        Converter.Convert(folder.File("tiny.pt"), folder.File("b.bin"), new ConvertOptions());

        Assert.Equal(File.ReadAllBytes(folder.File("a.bin")), File.ReadAllBytes(folder.File("b.bin")));
    }

    [Fact]
    public void Convert_keeps_where_the_weights_came_from_without_the_folder()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        using ModelFile model = Conversion.Convert(folder, new TinyCheckpoint().ToArray()).Model;

        string source = model.Description.Source.ToJsonString();
        Assert.Equal("nanoGPT", (string?)model.Description.Source["family"]);
        Assert.Equal("tiny.pt", (string?)model.Description.Source["file"]);
        Assert.DoesNotContain(Path.GetFileName(folder.FullPath), source, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_replaces_a_file_only_when_told()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.WriteAllText(folder.File("weights.bin"), "mine");

        Assert.Throws<IOException>(() => Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), new ConvertOptions()));
        Assert.Equal("mine", File.ReadAllText(folder.File("weights.bin")));
        Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), new ConvertOptions { Overwrite = true });
        ModelFile.Open(folder.File("weights.bin")).Dispose();
    }

    [Fact]
    public void Convert_never_replaces_the_checkpoint_itself()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().ToArray();
        File.WriteAllBytes(folder.File("tiny.pt"), checkpoint);

        Assert.Throws<OptionException>(() => Converter.Convert(
            folder.File("tiny.pt"), Path.Combine(folder.FullPath, ".", "tiny.pt"), new ConvertOptions { Overwrite = true }));
        Assert.Equal(checkpoint, File.ReadAllBytes(folder.File("tiny.pt")));
    }

    [Fact]
    public void Convert_never_replaces_the_checkpoint_through_links()
    {
        if (OperatingSystem.IsWindows())
            return;
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().ToArray();
        Directory.CreateDirectory(folder.File("run"));
        File.WriteAllBytes(folder.File("run/tiny.pt"), checkpoint);
        File.CreateSymbolicLink(folder.File("tiny.lnk"), "run/tiny.pt");
        Directory.CreateSymbolicLink(folder.File("latest"), "run");

        foreach ((string input, string output) in
            new[] { ("run/tiny.pt", "tiny.lnk"), ("tiny.lnk", "run/tiny.pt"), ("tiny.lnk", "latest/tiny.pt"), ("latest/tiny.pt", "tiny.lnk") })
        {
            Assert.Throws<OptionException>(
                () => Converter.Convert(folder.File(input), folder.File(output), new ConvertOptions { Overwrite = true }));
            Assert.Equal(checkpoint, File.ReadAllBytes(folder.File("run/tiny.pt")));
        }
    }

    [Theory]
    [InlineData("meta.pkl", false)]
    [InlineData("meta.pkl", true)]
    [InlineData("words.txt", true)]
    public void Convert_never_replaces_the_vocabulary_it_reads(string name, bool given)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.WriteAllText(folder.File(name), "mine");
        var options = new ConvertOptions { Overwrite = true, VocabPath = given ? folder.File(name) : null };

        var error = Assert.Throws<OptionException>(() => Converter.Convert(folder.File("tiny.pt"), folder.File(name), options));

        Assert.Equal($"'{name}' is read by this convert; give the weights file another name", error.Message);
        Assert.Equal("mine", File.ReadAllText(folder.File(name)));
    }

    [Fact]
    public void Convert_refuses_a_meta_pickle_beside_the_checkpoint_that_does_not_fit()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        File.Copy(TestFiles.Fixture("nanogpt_char_nobias/meta.pkl"), folder.File("meta.pkl"));

        string message = Conversion.Refuse(folder.File("tiny.pt"));

        Assert.Contains("meta.pkl beside the checkpoint has 65 characters, the model ", message, StringComparison.Ordinal);
        Assert.Contains("--vocab FILE", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_a_NaN_leaves_the_old_file_as_it_was()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), WithUp(float.NaN).ToArray());
        File.WriteAllText(folder.File("weights.bin"), "mine");

        Assert.Throws<CheckpointException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), new ConvertOptions { Overwrite = true }));

        Assert.Equal("mine", File.ReadAllText(folder.File("weights.bin")));
        Assert.Equal(2, Directory.GetFileSystemEntries(folder.FullPath).Length);
    }

    [Fact]
    public void Convert_writes_a_NaN_when_it_is_allowed()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        using ModelFile model = Conversion.Convert(folder, WithUp(float.NaN).ToArray(), new ConvertOptions { AllowNonFinite = true }).Model;

        uint[] up = Conversion.Tensors(model)["blocks.1.mlp.up.weight"];
        Assert.All(up, bits => Assert.True(float.IsNaN(BitConverter.UInt32BitsToSingle(bits))));
    }

    [Theory]
    [InlineData("FloatStorage", null, ElementType.F32)]
    [InlineData("HalfStorage", null, ElementType.F32)]
    [InlineData("DoubleStorage", null, ElementType.F32)]
    [InlineData("BFloat16Storage", null, ElementType.Bf16)]
    [InlineData("BFloat16Storage", ElementType.F32, ElementType.F32)]
    [InlineData("FloatStorage", ElementType.Bf16, ElementType.Bf16)]
    public void Convert_chooses_the_type_and_keeps_the_numbers(string storage, ElementType? option, ElementType expected)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        float[] numbers = [1.5f, -0.0078125f, 0, 65280f];   // the same in every type
        byte[] checkpoint = new TinyCheckpoint().But(c =>
        {
            foreach ((object key, _) in c.State.ToArray())
                c[(string)key] = Stored(storage, numbers, c[(string)key]!.Shape);
        }).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint, new ConvertOptions { Type = option });

        using (model)
        {
            Assert.Equal(expected, report.MatrixType);
            Assert.All(Conversion.Tensors(model).Values, bits => Assert.All(bits.Index(), item =>
                Assert.Equal(numbers[item.Index % numbers.Length], BitConverter.UInt32BitsToSingle(item.Item))));
        }
    }

    [Fact]
    public void Convert_reports_rounding()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] checkpoint = new TinyCheckpoint().But(c => c[Up] = Stored("DoubleStorage", [0.1f], c[Up]!.Shape)).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint, new ConvertOptions { Type = ElementType.Bf16 });

        model.Dispose();
        Assert.Contains(report.Of(ReportKind.Warning), line => line.Contains("float64", StringComparison.Ordinal));
        Assert.Contains(report.Of(ReportKind.Warning), line => line.Contains("nearest bf16", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_refuses_numbers_that_the_type_cannot_hold()
    {
        byte[] wide = new TinyCheckpoint().But(c => c[Up] = c[Up]! with
        {
            Storage = "DoubleStorage",
            Data = MemoryMarshal.AsBytes(Enumerable.Repeat(1e300, 28).ToArray().AsSpan()).ToArray(),
        }).ToArray();

        Assert.Contains("Infinity in float32", Conversion.Refuse(wide), StringComparison.Ordinal);
        Assert.Contains("too large for bf16",
            Conversion.Refuse(WithUp(float.MaxValue).ToArray(), new ConvertOptions { Type = ElementType.Bf16 }), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_follows_strides_and_shared_storages()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        float[] numbers = [.. Enumerable.Range(0, 100).Select(i => (float)i)];
        byte[] shared = MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray();
        byte[] checkpoint = new TinyCheckpoint().But(c =>
        {
            c[Up] = new TestTensor { Data = shared, Shape = [7, 4], Strides = [1, 7], Offset = 10 };
            c["transformer.ln_f.weight"] = new TestTensor { Data = shared, Shape = [4], Strides = [3], Offset = 50 };
        }).ToArray();

        using ModelFile model = Conversion.Convert(folder, checkpoint).Model;

        Dictionary<string, uint[]> tensors = Conversion.Tensors(model);
        Assert.Equal(Enumerable.Range(0, 28).Select(i => 10f + (i / 4) + (i % 4 * 7)),
            tensors["blocks.1.mlp.up.weight"].Select(BitConverter.UInt32BitsToSingle));
        Assert.Equal([50f, 53f, 56f, 59f], tensors["final_norm.weight"].Select(BitConverter.UInt32BitsToSingle));
    }

    [Fact]
    public void Convert_refuses_layers_that_share_storages_beyond_reason()
    {
        byte[] checkpoint = new TinyCheckpoint().But(c =>
        {
            byte[] data = new byte[1 << 18];
            c["transformer.wpe.weight"] = new TestTensor { Data = data, Shape = [1 << 14, 4] };
            c.With("block_size", 1 << 14);
            (object Key, object? Value)[] layer = [.. c.State.Where(pair => ((string)pair.Key).Contains(".h.0.",
                StringComparison.Ordinal))];
            c.State.RemoveAll(pair => ((string)pair.Key).Contains(".h.", StringComparison.Ordinal));
            for (int number = 0; number < 200; number++)
            {
                foreach ((object key, object? value) in layer)
                {
                    string name = ((string)key).Replace(".h.0.", $".h.{number}.", StringComparison.Ordinal);
                    c.State.Add((name, Widened((TestTensor)value!, name, data)));
                }
            }
            c.With("n_layer", 200);
        }).ToArray();

        Assert.Contains("share storages", Conversion.Refuse(checkpoint), StringComparison.Ordinal);

        static TestTensor Widened(TestTensor tensor, string name, byte[] data) => name switch
        {
            _ when name.EndsWith("c_fc.weight", StringComparison.Ordinal) => new TestTensor { Data = data, Shape = [1 << 14, 4] },
            _ when name.EndsWith("c_fc.bias", StringComparison.Ordinal) => new TestTensor { Data = data, Shape = [1 << 14] },
            _ when name.EndsWith("mlp.c_proj.weight", StringComparison.Ordinal) => new TestTensor { Data = data, Shape = [4, 1 << 14] },
            _ => tensor,
        };
    }

    [Fact]
    public void Convert_reads_an_archive_with_a_64_bit_end()
    {
        string message = Conversion.Refuse(HostileZips.Valid64());

        Assert.Contains("not a checkpoint of a family", message, StringComparison.Ordinal);   // it was read: an empty dictionary
    }

    [Fact]
    public void Convert_a_folder_or_a_file_that_is_not_there()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();

        Assert.Contains("has no checkpoint", Conversion.Refuse(folder.FullPath), StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => Converter.Convert(folder.File("no.pt"), folder.File("w.bin"), new ConvertOptions()));
        File.WriteAllBytes(folder.File("tiny.pt"), new TinyCheckpoint().ToArray());
        Assert.Throws<DirectoryNotFoundException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("no/w.bin"), new ConvertOptions()));
        Assert.Throws<OptionException>(
            () => Converter.Convert(folder.File("tiny.pt"), folder.File("w.bin"), new ConvertOptions { Type = ElementType.U8 }));
    }

    [Theory]
    [InlineData("config.json", "{\"a\": 1}", "this JSON has no 'state_dict'")]
    [InlineData("names.json", "[\"a\"]", "this JSON is a list")]
    [InlineData("train.py", "import torch\n", "Python source")]
    [InlineData("microgpt.py", "import os\n", "the lines in docs/microgpt.md")]
    [InlineData("meta.pkl", "\u0080\u0004}.", "plain pickle")]
    [InlineData("notes.txt", "hello", "no checkpoint")]
    public void Convert_says_what_a_file_of_another_kind_is(string name, string latin1, string reason)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File(name), Encoding.Latin1.GetBytes(latin1));

        Assert.Contains(reason, Conversion.Refuse(folder.File(name)), StringComparison.Ordinal);
    }

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

    private static TinyCheckpoint WithUp(float number) =>
        new TinyCheckpoint().But(c => c[Up] = TestTensor.Of([.. Enumerable.Repeat(number, 28)], 7, 4));

    private static TestTensor Stored(string storage, float[] pattern, long[] shape)
    {
        var data = new List<byte>();
        for (int i = 0; i < shape.Aggregate(1L, (product, size) => product * size); i++)
        {
            float number = pattern[i % pattern.Length];
            data.AddRange(storage switch
            {
                "HalfStorage" => BitConverter.GetBytes((Half)number),
                "BFloat16Storage" => BitConverter.GetBytes((ushort)(BitConverter.SingleToUInt32Bits(number) >> 16)),
                "DoubleStorage" => BitConverter.GetBytes((double)number),
                _ => BitConverter.GetBytes(number),
            });
        }
        return new TestTensor { Storage = storage, Data = [.. data], Shape = shape };
    }
}
