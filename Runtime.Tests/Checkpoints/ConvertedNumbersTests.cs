using System.Runtime.InteropServices;
using MyGpt.Checkpoints;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>The numbers of a checkpoint on their way into weights.bin: their types, their places, and what they cannot be.</summary>
public class ConvertedNumbersTests
{
    private const string Up = "transformer.h.1.mlp.c_fc.weight";

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
    [InlineData(false, ElementType.F32, "1 weight that is not finite, written as --allow-nonfinite says: tensor 'transformer.h.1.mlp.c_fc.weight'[3, 2] is NaN")]
    [InlineData(true, ElementType.F32, "3 weights that are not finite, written as --allow-nonfinite says: tensor 'transformer.h.1.mlp.c_fc.weight'[3, 2] is NaN")]
    [InlineData(true, ElementType.Bf16,
        "4 weights that are not finite, written as --allow-nonfinite says: tensor 'transformer.h.1.mlp.c_fc.weight'[0, 1] is 3.4028235E+38, too large for bf16")]
    public void Convert_warns_of_weights_that_are_not_finite_and_keeps_it_with_the_model(bool more, ElementType type, string warning)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        float[] numbers = new float[28];
        numbers[1] = float.MaxValue;
        numbers[14] = float.NaN;
        byte[] checkpoint = new TinyCheckpoint().But(c =>
        {
            c[Up] = TestTensor.Of(numbers, 7, 4);
            if (more)
                c["transformer.ln_f.weight"] = TestTensor.Of([1, float.NegativeInfinity, float.PositiveInfinity, 1], 4);
        }).ToArray();

        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint, new ConvertOptions { AllowNonFinite = true, Type = type });

        using (model)
            Assert.Contains(warning, model.Description.Source["warnings"]!.AsArray().Select(line => (string)line!));
        Assert.Contains(warning, report.Of(ReportKind.Warning));
    }

    [Fact]
    public void Convert_a_weights_file_warns_of_weights_that_are_not_finite_too()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Conversion.Convert(folder, WithUp(float.NaN).ToArray(), new ConvertOptions { AllowNonFinite = true }).Model.Dispose();

        ConversionReport report = Converter.Convert(folder.File("weights.bin"), folder.File("bf16.bin"), new ConvertOptions { AllowNonFinite = true, Type = ElementType.Bf16 });

        Assert.Contains("28 weights that are not finite, written as --allow-nonfinite says: tensor 'blocks.1.mlp.up.weight'[0, 0] is NaN", report.Of(ReportKind.Warning));
    }

    [Fact]
    public void Convert_says_nothing_of_finite_weights_where_others_are_allowed()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, WithUp(float.MaxValue).ToArray(), new ConvertOptions { AllowNonFinite = true });
        model.Dispose();
        Assert.DoesNotContain(report.Of(ReportKind.Warning), line => line.Contains("finite", StringComparison.Ordinal));
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
