using System.Runtime.InteropServices;
using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Runtime.Kernels.WeightTypes;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tests.CommandLine;
using MyGpt.Runtime.Tests.Reference;
using MyGpt.Runtime.Tests.Weights;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>q8 and q4 in weights.bin, from checkpoints and from other weights files.</summary>
public class QuantizedConversionTests
{
    private static readonly string Shakespeare = TestFiles.Fixture("mygpt_final_shakespeare/shakespeare.ckpt");

    // Rows that are no multiple of 32: 10, 51 and 70 columns.
    private static readonly GptConfig Odd = TinyModels.Config with { EmbeddingDim = 10, HeadCount = 3, KvHeadCount = 3, HeadDim = 17, MlpDim = 70 };

    // The search compares errors summed in float32: 32 of them, each rounded by a few 2^-24.
    private const double SearchSlack = 1e-5;

    [Theory]
    [InlineData(ElementType.Q8)]
    [InlineData(ElementType.Q4)]
    public void Convert_a_weights_file_quantises_every_block_and_nothing_else(ElementType type)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string wide = TinyModels.Write(folder.File("wide.bin"), Odd), narrow = folder.File("narrow.bin"), again = folder.File("again.bin");
        Converter.Convert(wide, narrow, new ConvertOptions { Type = type });
        Converter.Convert(wide, again, new ConvertOptions { Type = type });
        Assert.Equal(File.ReadAllBytes(narrow), File.ReadAllBytes(again));

        using ModelFile from = ModelFile.Open(wide), to = ModelFile.Open(narrow);
        to.File.VerifyChecksums();
        Assert.Equal(from.Description.Config, to.Description.Config);
        Assert.Equal(from.Description.Generation, to.Description.Generation);
        Assert.Equal(from.File.Tokenizer.ToString(), to.File.Tokenizer.ToString());
        foreach (TensorSpec spec in TensorSpec.For(Odd))
            AssertQuantised(from.File, to.File, spec, type);
    }

    [Theory]
    [InlineData("q8", 1.0625)]
    [InlineData("q4", 0.5625)]
    public void Convert_a_checkpoint_and_its_weights_file_give_the_same_weights(string type, double bytesPerWeight)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        Command.Run("convert", Shakespeare, folder.File("a.bin"), "--type", type).Succeeded();
        Command.Run("convert", Shakespeare, folder.File("f32.bin")).Succeeded();
        CommandResult narrowed = Command.Run("convert", folder.File("f32.bin"), folder.File("b.bin"), "--type", type).Succeeded();
        narrowed.Shows($"matrices are f32 and are written as {type}");
        narrowed.Says($"rounded to {type}");
        Assert.Equal(Sections(folder.File("a.bin")), Sections(folder.File("b.bin")));

        using ModelFile model = ModelFile.Open(folder.File("b.bin"));
        SectionInfo[] matrices = [.. model.File.Sections.Where(section => section.Type is ElementType.Q8 or ElementType.Q4)];
        Assert.Equal(bytesPerWeight, (double)matrices.Sum(section => section.Length) / matrices.Sum(section => section.Shape[0] * section.Shape[1]));
        Assert.Contains($"to {type}", model.Description.Source["narrowed"]!.ToJsonString(), StringComparison.Ordinal);
        Command.Run("inspect", folder.File("b.bin"), "--check").Succeeded().Shows(FormattableString.Invariant($"  {type}, {bytesPerWeight} bytes a weight\ntokenizer"));
    }

    [Fact]
    public void Convert_a_weights_file_goes_to_narrower_types_only()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        string f32 = TinyModels.Write(folder.File("f32.bin"), Odd), q8 = folder.File("q8.bin"), q4 = folder.File("q4.bin"), none = folder.File("none.bin");
        CommandResult once = Command.Run("convert", f32, q8, "--type", "q8").Succeeded(), twice = Command.Run("convert", q8, q4, "--type", "q4").Succeeded();
        Assert.DoesNotContain("rounded before", once.Error, StringComparison.Ordinal);
        twice.Says("values of q8 were rounded before: the checkpoint, converted to q4, loses less");
        foreach ((string from, string type) in new[] { (f32, "f32"), (q8, "q8"), (q8, "bf16"), (q4, "q8"), (q4, "f32") })
            Command.Run("convert", from, none, "--type", type).Failed(2, $"--type {type}: the matrices are ");
        Command.Run("convert", f32, none).Failed(2, "is a weights.bin already");
        Command.Run("convert", f32, none, "--type", "q4", "--heads", "2").Failed(2, "only --type can be changed");
        Command.Run("convert", f32, f32, "--type", "q4", "--force").Failed(2, "is the checkpoint itself");
        Assert.False(File.Exists(none));
    }

    [Fact]
    public void Convert_a_damaged_weights_file_is_refused()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        byte[] file = File.ReadAllBytes(TinyModels.Write(folder.File("f32.bin"), Odd));
        file[^1] ^= 1;
        File.WriteAllBytes(folder.File("f32.bin"), file);
        Command.Run("convert", folder.File("f32.bin"), folder.File("q4.bin"), "--type", "q4").Failed(3, "CRC-32C");
        Assert.False(File.Exists(folder.File("q4.bin")));
    }

    [Theory]
    [InlineData(false, 70)]
    [InlineData(true, 70)]
    [InlineData(false, 8192 + 70)]   // more than is read at once
    [InlineData(true, 8192)]
    public void BlockRows_reads_from_anywhere_what_the_blocks_stand_for_a_row_at_a_time(bool four, int columns)
    {
        const int rows = 3;
        var reference = new ReferenceBlocks(four, rows, columns, seed: 5);
        var bytes = new CountedReads(reference.Bytes());
        TensorStorage storage = four ? new BlockRows<Q4Quantizer>(bytes, columns) : new BlockRows<Q8Quantizer>(bytes, columns);
        Assert.Equal((long)rows * columns * sizeof(float), storage.Length);
        float[] needed = [.. Enumerable.Range(0, rows * columns).Select(i => (float)reference.Weight(i / columns, i % columns))], read = new float[needed.Length];
        for (int start = 0; start < read.Length; start += 61)
            storage.Read((long)start * sizeof(float), MemoryMarshal.AsBytes(read.AsSpan(start, Math.Min(61, read.Length - start))));
        Assert.Equal(needed, read);
        Assert.Equal(rows * (columns > 8192 ? 4 : 2), bytes.Count);   // quants and scales
        storage.Read(4 * 37, MemoryMarshal.AsBytes(read.AsSpan(0, 1)));
        Assert.Equal(needed[37], read[0]);
    }

    private static unsafe void AssertQuantised(WeightsFile from, WeightsFile to, TensorSpec spec, ElementType type)
    {
        if (!spec.IsMatrix)
        {
            TensorView old = from.Vector(spec.Name, spec.Columns), copy = to.Vector(spec.Name, spec.Columns);
            Assert.True(new ReadOnlySpan<byte>(old.Data, spec.Columns * 4).SequenceEqual(new ReadOnlySpan<byte>(copy.Data, spec.Columns * 4)));
            return;
        }
        bool four = type == ElementType.Q4;
        TensorView wide = from.Tensor(spec.Name, spec.Rows, spec.Columns), narrow = to.Tensor(spec.Name, spec.Rows, spec.Columns);
        Assert.Equal(type, narrow.Type);
        int bytes = ReferenceQuants.RowBytes(four, spec.Columns);
        Assert.Equal((long)bytes * spec.Rows, narrow.ByteLength);
        for (int row = 0; row < spec.Rows; row++)
        {
            float[] weights = new ReadOnlySpan<float>((float*)wide.Data + (row * spec.Columns), spec.Columns).ToArray();
            byte[] stored = new ReadOnlySpan<byte>(narrow.Data + (row * bytes), bytes).ToArray();
            for (int start = 0; start < spec.Columns; start += 32)
                AssertBlock(four, weights[start..Math.Min(start + 32, spec.Columns)], stored, start, $"{spec.Name}[{row}, {start}..]");
        }
    }

    // Every weight at the nearest multiple of its block's scale, and the scale no worse than the one that just holds the largest weight.
    private static void AssertBlock(bool four, float[] weights, byte[] row, int start, string name)
    {
        double error = 0;
        float scale = ReferenceQuants.Read(four, row, start).Scale;
        for (int i = 0; i < weights.Length; i++)
        {
            double found = Math.Abs(weights[i] - ((double)scale * ReferenceQuants.Read(four, row, start + i).Multiple));
            double nearest = ReferenceQuants.Multiples(four).Min(multiple => Math.Abs(weights[i] - ((double)scale * multiple)));
            Assert.True(found <= nearest + (Math.Abs(scale) * ReferenceQuants.TieSlack), name);
            error += found * found;
        }
        double plain = ReferenceQuants.LeastSquaredError(four, weights, ReferenceQuants.Rounded(weights.Max(MathF.Abs) / 127));
        Assert.True(error <= plain * (1 + SearchSlack), $"{name}: {error} > {plain}");
    }

    private sealed class CountedReads(byte[] bytes) : TensorStorage
    {
        public int Count { get; private set; }

        public override string Name => "rows";

        public override long Length => bytes.Length;

        public override void Read(long position, Span<byte> destination)
        {
            Count++;
            bytes.AsSpan((int)position, destination.Length).CopyTo(destination);
        }
    }

    private static string[] Sections(string path)
    {
        using ModelFile model = ModelFile.Open(path);
        return [.. model.File.Sections.Select(section => $"{section.Name} {section.Type} {section.Checksum:x8}")];
    }
}
