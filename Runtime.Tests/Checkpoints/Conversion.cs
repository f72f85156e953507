using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Weights;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>Converts what a test has written, and looks at the result.</summary>
internal static class Conversion
{
    /// <summary>Anonymous memory that a bad file may cost beyond twice its size.</summary>
    private const long MaxAllocation = 64 << 20;

    /// <summary>Converts a checkpoint's bytes and opens the model.</summary>
    public static (ConversionReport Report, ModelFile Model) Convert(
        TemporaryFolder folder, byte[] checkpoint, ConvertOptions? options = null)
    {
        File.WriteAllBytes(folder.File("tiny.pt"), checkpoint);
        ConversionReport report = Converter.Convert(folder.File("tiny.pt"), folder.File("weights.bin"), options ?? new ConvertOptions());
        return (report, ModelFile.Open(folder.File("weights.bin")));
    }

    /// <summary>Converts a file that must be refused: with one line that says why, without writing anything, in bounded memory.</summary>
    /// <returns>The line.</returns>
    public static string Refuse(string checkpointPath, ConvertOptions? options = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        long size = File.Exists(checkpointPath) ? new FileInfo(checkpointPath).Length : 0;
        long before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<CheckpointException>(
            () => Converter.Convert(checkpointPath, folder.File("weights.bin"), options ?? new ConvertOptions()));

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MaxAllocation + (2 * size));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.FullPath));
        Assert.DoesNotContain(error.Message, char.IsControl);
        return error.Message;
    }

    /// <summary>The same for bytes.</summary>
    public static string Refuse(byte[] checkpoint, ConvertOptions? options = null)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        File.WriteAllBytes(folder.File("tiny.pt"), checkpoint);
        return Refuse(folder.File("tiny.pt"), options);
    }

    /// <summary>All tensors of a converted model as float32 bits.</summary>
    public static Dictionary<string, uint[]> Tensors(ModelFile model) =>
        TensorSpec.For(model.Description.Config).ToDictionary(spec => spec.Name, spec => Bits(model, spec));

    /// <summary>The texts of one kind of report line.</summary>
    public static string[] Of(this ConversionReport report, ReportKind kind) =>
        [.. report.Lines.Where(line => line.Kind == kind).Select(line => line.Text)];

    private static unsafe uint[] Bits(ModelFile model, TensorSpec spec)
    {
        TensorView view = spec.IsMatrix
            ? model.File.Tensor(spec.Name, spec.Rows, spec.Columns) : model.File.Vector(spec.Name, spec.Columns);
        int count = spec.Rows * spec.Columns;
        if (view.Type == ElementType.F32)
            return new ReadOnlySpan<uint>(view.Data, count).ToArray();
        ushort[] narrow = new ReadOnlySpan<ushort>(view.Data, count).ToArray();
        return [.. narrow.Select(half => (uint)half << 16)];
    }
}
