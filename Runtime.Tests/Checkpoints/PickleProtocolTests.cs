using System.Text;
using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>The instructions by which Python's pickle protocols 2 to 5 say the same thing, as <c>torch.save(pickle_protocol=...)</c> writes them.</summary>
public class PickleProtocolTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Convert_reads_the_same_model_from_every_protocol(byte protocol)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        var checkpoint = new TinyCheckpoint();
        checkpoint.Others.Add(("optimizer", (Action<PickleWriter>)(writer => WriteOptimizer(writer, protocol))));
        Dictionary<string, uint[]> expected = Convert(folder, new TinyCheckpoint().ToArray()).Tensors;

        (ConversionReport report, Dictionary<string, uint[]> tensors) = Convert(folder, Archive(checkpoint, protocol));

        Assert.Equal(expected.Keys, tensors.Keys);
        Assert.All(expected, tensor => Assert.Equal(tensor.Value, tensors[tensor.Key]));
        Assert.Contains(report.Of(ReportKind.LeftOut), line => line.Contains("'optimizer'", StringComparison.Ordinal));
    }

    [Fact]
    public void Convert_reads_parameters_and_tensors_that_name_their_own_type()
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        const string Norm = "transformer.ln_f.weight";
        var checkpoint = new TinyCheckpoint();
        TestTensor tensor = checkpoint[Norm]!;
        checkpoint.State.RemoveAll(pair => pair.Key.Equals(Norm));
        checkpoint.State.Add((Norm, (Action<PickleWriter>)WriteParameter));

        byte[] archive = TinyCheckpoint.Archive(checkpoint.Object, [($"{TinyCheckpoint.Root}/data/own", tensor.Data)]);

        Assert.Equal(Convert(folder, new TinyCheckpoint().ToArray()).Tensors["final_norm.weight"],
            Convert(folder, archive).Tensors["final_norm.weight"]);

        // torch._utils._rebuild_tensor_v3: an untyped storage counted in bytes, the type as the seventh argument.
        static void WriteParameter(PickleWriter writer)
        {
            writer.Global("torch._utils", "_rebuild_parameter").Op('(');
            writer.Global("torch._utils", "_rebuild_tensor_v3").Op('(');
            writer.Op('(').Text("storage").Global("torch.storage", "UntypedStorage").Text("own").Text("cuda:0").Int(16).Op('t').Op('Q');
            writer.Int(0).Value(new object?[] { 4 }).Value(new object?[] { 1 }).Value(true);
            writer.Global("collections", "OrderedDict").Op(')').Op('R').Global("torch", "float32").Op('t').Op('R');
            writer.Value(true).Global("collections", "OrderedDict").Op(')').Op('R').Op('t').Op('R');
        }
    }

    // A random generator's state as NumPy saves it, a best loss as a NumPy number, bytes in every spelling.
    private static void WriteOptimizer(PickleWriter writer, byte protocol)
    {
        writer.Op(']').Op('(');
        writer.Global("numpy.core.multiarray", "_reconstruct").Global("numpy", "ndarray").Value(new object?[] { 0 }).Text("b").Raw(0x87).Op('R');
        writer.Op('(').Int(1).Value(new object?[] { 624 }).Global("numpy", "dtype").Value(new object?[] { "u4", false, true }).Op('R')
            .Value(false).Text("state").Op('t').Op('b');
        writer.Global("numpy.core.multiarray", "scalar").Global("numpy", "dtype").Value(new object?[] { "f8", false, true }).Op('R');
        if (protocol == 2)
            writer.Global("_codecs", "encode").Value(new object?[] { "\u0001\u00FF", "latin1" }).Op('R').Raw(0x86).Op('R');
        else
            writer.Raw((byte)'C', 2, 1, 0xFF, 0x86, (byte)'R');
        if (protocol >= 4)
            writer.Raw(0x8E).UInt64(1).Raw(7).Raw(0x8F).Raw(0x94).Op('(').Int(1).Raw(0x90);
        if (protocol >= 5)
            writer.Raw(0x96).UInt64(2).Raw(7, 8);
        writer.Op('e');
    }

    private static byte[] Archive(TinyCheckpoint checkpoint, byte protocol)
    {
        var storages = new List<byte[]>();
        byte[] old = new PickleWriter().Proto().Value(checkpoint.Object, Key).Stop().ToArray();
        byte[] body = protocol < 4 ? old[2..] : Modern(old[2..]);
        byte[] pickle = protocol < 4 ? [0x80, protocol, .. body] : [0x80, protocol, 0x95, .. BitConverter.GetBytes((ulong)body.Length), .. body];
        return TinyCheckpoint.Zip(pickle, storages, []).ToArray();

        string Key(TestTensor tensor)
        {
            if (!storages.Contains(tensor.Data))
                storages.Add(tensor.Data);
            return $"{storages.IndexOf(tensor.Data)}";
        }
    }

    // SHORT_BINUNICODE with MEMOIZE, BINUNICODE8 and STACK_GLOBAL for three of the strings and globals that protocol 2 spells otherwise.
    private static byte[] Modern(byte[] body) => Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(body)
        .Replace("X\u0007\0\0\0storage", "\u008C\u0007storage\u0094", StringComparison.Ordinal)
        .Replace("X\u0003\0\0\0cpu", "\u008D\u0003\0\0\0\0\0\0\0cpu\u0094", StringComparison.Ordinal)
        .Replace("ctorch._utils\n_rebuild_tensor_v2\n", "\u008C\u000Ctorch._utils\u0094\u008C\u0012_rebuild_tensor_v2\u0094\u0093\u0094",
            StringComparison.Ordinal));

    private static (ConversionReport Report, Dictionary<string, uint[]> Tensors) Convert(TemporaryFolder folder, byte[] checkpoint)
    {
        File.Delete(folder.File("weights.bin"));
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint);
        using (model)
            return (report, Conversion.Tensors(model));
    }
}
