using System.Text;
using MyGpt.Checkpoints;

namespace MyGpt.Runtime.Tests.Checkpoints;

/// <summary>The format of torch.save before PyTorch 1.6.</summary>
public class LegacyTests
{
    [Theory]
    [MemberData(nameof(HostileLegacy.Names), MemberType = typeof(HostileLegacy))]
    public void Convert_refuses_a_hostile_legacy_file(string name)
    {
        (byte[] file, string reason) = HostileLegacy.Make(name);
        Assert.Contains(reason, Conversion.Refuse(file), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_gives_the_numbers_of_the_zip_archive()
    {
        (ConversionReport report, Dictionary<string, uint[]> tensors) = Convert(TestLegacy.Of(new TinyCheckpoint().Object).ToArray());

        Assert.Equal("legacy torch.save", report.Container);
        AssertEqual(Convert(new TinyCheckpoint().ToArray()).Tensors, tensors);
    }

    [Fact]
    public void Convert_follows_parts_of_storages_and_the_first_way_to_build_tensors()
    {
        const string Norm = "transformer.ln_f.weight";
        float[] numbers = [9, 9, 1, 2, 3, 4];
        object root = new TinyCheckpoint().But(c => c[Norm] = TestTensor.Of(numbers, 4)).Object;
        TestLegacy file = TestLegacy.Of(root, tensor => tensor.Data.Length == 24 ? new object?[] { "part", 2, 4 } : null)
            .But(f => f.Object = Replace(f.Object, "_rebuild_tensor_v2", "_rebuild_tensor"));

        Assert.Equal([1f, 2f, 3f, 4f], Convert(file.ToArray()).Tensors["final_norm.weight"].Select(BitConverter.UInt32BitsToSingle));
    }

    [Fact]
    public void Convert_reads_the_strings_of_Python_2()
    {
        TestLegacy file = TestLegacy.Of(new TinyCheckpoint().Object).But(f =>
        {
            f.Object = Replace(f.Object, "X\u0007\0\0\0storage", "U\u0007storage");
            f.Object = Replace(f.Object, "X\u0003\0\0\0cpu", "T\u0003\0\0\0cpu");
        });

        AssertEqual(Convert(new TinyCheckpoint().ToArray()).Tensors, Convert(file.ToArray()).Tensors);
    }

    [Fact]
    public void Convert_takes_the_byte_order_of_the_format_whatever_machine_wrote_it()
    {
        TestLegacy file = TestLegacy.Of(new TinyCheckpoint().Object)
            .But(f => f.Facts = TestLegacy.Pickle((List<(object, object?)>)[("little_endian", false)]));

        AssertEqual(Convert(new TinyCheckpoint().ToArray()).Tensors, Convert(file.ToArray()).Tensors);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Convert_reads_later_pickle_protocols(byte protocol)
    {
        TestLegacy file = TestLegacy.Of(new TinyCheckpoint().Object).But(f =>
        {
            f.Magic = Framed(f.Magic, protocol);
            f.Version = Framed(f.Version, protocol);
            f.Object = Framed(f.Object, protocol);
            f.Keys = Framed(f.Keys, protocol);
        });

        AssertEqual(Convert(new TinyCheckpoint().ToArray()).Tensors, Convert(file.ToArray()).Tensors);
    }

    [Fact]
    public void Convert_reads_an_object_of_many_windows()
    {
        TinyCheckpoint checkpoint = new();
        checkpoint.Others.Add(("long", new string('x', 300_000)));
        checkpoint.Others.AddRange(Enumerable.Range(0, 20_000).Select(i => ((object)$"entry {i}", (object?)i)));

        AssertEqual(Convert(new TinyCheckpoint().ToArray()).Tensors, Convert(TestLegacy.Of(checkpoint.Object).ToArray()).Tensors);
    }

    [Fact]
    public void Convert_refuses_a_legacy_file_cut_at_any_byte()
    {
        byte[] whole = TestLegacy.Of(new TinyCheckpoint().Object).ToArray();
        for (int length = 0; length < whole.Length; length += length < 80 || length > whole.Length - 80 ? 1 : 97)
            Conversion.Refuse(whole[..length]);
    }

    [Fact]
    public void Convert_says_what_the_tar_archive_of_the_first_versions_is()
    {
        byte[] tar = new byte[1024];
        Encoding.ASCII.GetBytes("storages").CopyTo(tar, 0);
        Encoding.ASCII.GetBytes("ustar").CopyTo(tar, 257);

        Assert.Contains("tar archive", Conversion.Refuse(tar), StringComparison.Ordinal);
    }

    private static byte[] Framed(byte[] pickle, byte protocol) => protocol < 4
        ? [0x80, protocol, .. pickle[2..]] : [0x80, protocol, 0x95, .. BitConverter.GetBytes((ulong)pickle.Length - 2), .. pickle[2..]];

    private static byte[] Replace(byte[] pickle, string old, string with) =>
        Encoding.Latin1.GetBytes(Encoding.Latin1.GetString(pickle).Replace(old, with, StringComparison.Ordinal));

    private static (ConversionReport Report, Dictionary<string, uint[]> Tensors) Convert(byte[] checkpoint)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, checkpoint);
        using (model)
            return (report, Conversion.Tensors(model));
    }

    private static void AssertEqual(Dictionary<string, uint[]> expected, Dictionary<string, uint[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, tensor => Assert.Equal(tensor.Value, actual[tensor.Key]));
    }
}
