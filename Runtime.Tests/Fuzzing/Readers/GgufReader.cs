using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Tensors;
using MyGpt.Checkpoints.Values;
using MyGpt.Runtime.Tests.Checkpoints.Gguf;

namespace MyGpt.Runtime.Tests.Fuzzing.Readers;

/// <summary>GGUF as a container: metadata of every type, and tensors of every type that is read, to their last element.</summary>
internal sealed class GgufReader() : FuzzReader("gguf", Make)
{
    public override Action Read(string path, FuzzRandom random)
    {
        using CheckpointFile file = CheckpointFile.Open(path);
        try
        {
            var root = (DictValue)ContainerFormats.Open(file).Root;
            foreach ((Value name, Value value) in root.Get<DictValue>("tensors")!.Items)
            {
                if (value is not TensorValue description)
                    continue;       // of a type that is not read
                StoredTensor tensor = StoredTensor.Open(((TextValue)name).Value, description);
                long count = 0;
                if (tensor.Type.IsFloat() && tensor.Shape.Count is (1 or 2) && tensor.Shape.All(static size => size is > 0 and <= int.MaxValue))
                    new RowReader().Read(tensor, (_, _, tile) => count += tile.Length);
                Assert.InRange(count, 0, 4 * file.Length);
            }
        }
        catch (CheckpointException e)
        {
            throw new CheckpointException($"{file.Name}: {e.Message}", e);   // as the converter does
        }
        return static () => { };
    }

    private static IEnumerable<FuzzSeed> Make()
    {
        foreach (uint version in new[] { 2U, 3U })
        {
            var random = new Random(3);
            TestGguf gguf = HostileGguf.Valid().But(f => f.Version = version)
                .With("u8", TestGguf.UInt8(255)).With("i16", TestGguf.Int16(-2)).With("f32", TestGguf.Float32(1e-5f)).With("yes", TestGguf.Bool(1))
                .With("u64", TestGguf.UInt64(1UL << 62)).With("texts", TestGguf.Texts("a", "", "b")).With("ints", TestGguf.Int32s(1, -1))
                .With("f64", TestGguf.Float64(0.1))
                .Add("q8", TestGguf.Q8_0, ReferenceBlocks.Random8(random, 2).Packed, 2, 32).Add("q4", TestGguf.Q4_0, ReferenceBlocks.Random4(random, 2).Packed, 1, 64)
                .Add("f16", TestGguf.F16, new byte[12], 2, 3).Add("bf16", TestGguf.BF16, new byte[12], 3, 2);
            byte[] file = gguf.ToArray();
            int numbers = file.Length - 200;   // about where they begin: what is before matters more
            yield return new FuzzSeed(new FuzzFile("model.gguf",
                [new FuzzPart(PartKind.Binary, file[..numbers], 6), new FuzzPart(PartKind.Binary, file[numbers..])], static parts => [.. parts[0], .. parts[1]]));
        }
    }
}
