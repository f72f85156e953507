using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>What tables of angles say, and tables that say nothing that can be run. Logits by tables are in <see cref="PlainGptTests"/>.</summary>
public class RotaryTableTests
{
    private static readonly ConvertOptions Told = new() { Activation = ActivationKind.GeluErf };

    private static readonly PlainModel Rotary = new() { Positions = null };

    private static readonly Dictionary<string, (Action<TestState> Tables, string Reason)> Wrong = new()
    {
        ["NaN"] = (state => Cos(state, RotaryTables.Once(_ => double.NaN, 10_000, 4)), "by its name it is a table of the angles"),
        ["NaN, one pair"] = (state => Cos(state, RotaryTables.Once(_ => double.NaN, 10_000, 2)), "by its name it is a table of the angles"),
        ["positions from 1"] = (state => Cos(state, RotaryTables.Once(angle => Math.Cos(angle + 1), 10_000, 4)), "for any base"),
        ["sines under the name of cosines"] = (state => Cos(state, RotaryTables.Once(Math.Sin, 10_000, 4)), "for any base"),
        ["one number off in the last row"] = (state => Cos(state, Off(RotaryTables.Once(Math.Cos, 10_000, 4))), "for any base"),
        ["one row"] = (state => Cos(state, RotaryTables.Once(Math.Cos, 10_000, 4, positions: 1)), "shape [1, 2] found"),
        ["three dimensions"] = (state => Cos(state, RotaryTables.Once(Math.Cos, 10_000, 4, positions: 8) with { Shape = [2, 4, 2] }), "shape [2, 4, 2] found"),
        ["another base in another layer"] = (state =>
        {
            state.Set("blocks.0.attn.sin", RotaryTables.Once(Math.Sin, 10_000, 4));
            state.Set("blocks.1.attn.sin", RotaryTables.Once(Math.Sin, 500, 4));
        }, "the tables of angles 'blocks.0.attn.sin' and 'blocks.1.attn.sin' contradict each other"),
        ["another layout in another layer"] = (state =>
        {
            state.Set("blocks.0.attn.sin", RotaryTables.Interleaved(Math.Sin, 10_000, 4));
            state.Set("blocks.1.attn.sin", RotaryTables.Doubled(Math.Sin, 10_000, 4));
        }, "contradict each other"),
        ["another length in another layer"] = (state =>
        {
            state.Set("blocks.0.attn.sin", RotaryTables.Interleaved(Math.Sin, 10_000, 4));
            state.Set("blocks.1.attn.sin", RotaryTables.Interleaved(Math.Sin, 10_000, 4, positions: 9));
        }, "contradict each other"),
        ["shorter than the mask"] = (state =>
        {
            state.Mask("blocks.0.attn.mask", 8, 8);
            Cos(state, RotaryTables.Interleaved(Math.Cos, 10_000, 4));
        }, "is for 7 positions, but the masks say 8"),
        ["integers"] = (state => state.Set("cos", new TestTensor { Storage = "LongStorage", Shape = [4], Data = new byte[32] }), "tensor 'cos' of shape [4] has no place"),
    };

    public static TheoryData<string> WrongNames => [.. Wrong.Keys];

    [Theory]
    [MemberData(nameof(WrongNames))]
    public void Convert_refuses_tables_that_are_none(string name)
    {
        (Action<TestState> tables, string reason) = Wrong[name];

        Assert.Contains(reason, Refuse((Rotary with { Buffers = tables }).State().Items, Told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(10_000, 64, 256)]
    [InlineData(10_000, 128, 300)]
    [InlineData(500_000, 128, 300)]
    [InlineData(1_000_000, 16, 300)]
    [InlineData(100, 4, 40)]
    [InlineData(54_321, 8, 300)]
    public void Convert_finds_the_base_of_real_sizes(double theta, int headSize, int positions)
    {
        PlainModel model = Rotary with { HeadCount = 1, KvHeads = 1, HeadSize = headSize };
        foreach (bool narrow in theta == 54_321 ? new[] { false } : [false, true])
        {
            foreach (Func<double, double> wave in new Func<double, double>[] { Math.Cos, Math.Sin })
            {
                TestTensor table = RotaryTables.Doubled(wave, theta, headSize, positions);
                string name = wave == Math.Cos ? "freqs_cos" : "freqs_sin";
                TestState state = (model with { Buffers = state => state.Set(name, narrow ? RotaryTables.Narrow(table) : table) }).State();

                GptConfig config = Config(state);

                Assert.Equal((positions, PositionKind.RotaryHalves, 1), (config.ContextLength, config.Position, config.HeadCount));
                Assert.Equal(theta, config.RotaryBase, theta * 2e-5);
            }
        }
    }

    [Fact]
    public void Convert_joins_what_frequencies_and_tables_say()
    {
        TestState state = (Rotary with
        {
            Buffers = state =>
            {
                state.Set("rotary.inv_freq", RotaryTables.Frequencies(1_000, 4));
                state.Set("rotary.cos_cached", RotaryTables.Doubled(Math.Cos, 1_000, 4) with { Shape = [1, 7, 1, 4] });
                state.Set("rotary.sin_cached", RotaryTables.Doubled(Math.Sin, 1_000, 4) with { Shape = [1, 7, 1, 4] });
            },
        }).State();

        GptConfig config = Config(state);

        Assert.Equal((3, 4, 7, 1_000f, PositionKind.RotaryHalves), (config.HeadCount, config.HeadDim, config.ContextLength, config.RotaryBase, config.Position));
    }

    [Fact]
    public void Convert_holds_tables_against_config_and_options()
    {
        TestState state = (Rotary with { Buffers = state => Cos(state, RotaryTables.Interleaved(Math.Cos, 10_000, 4)) }).State();

        Assert.Contains("is for heads of 4, but the config says n_head = 2 makes heads of 6", Refuse(With(("n_head", 2)), Told), StringComparison.Ordinal);
        Assert.Contains("is for 7 positions, but the config says block_size = 8", Refuse(With(("block_size", 8)), Told), StringComparison.Ordinal);
        Assert.Contains("the config says a rotary base of 500, the table of angles 10000", Refuse(With(("rope_theta", 500)), Told), StringComparison.Ordinal);
        Assert.Equal("--rotary", Ask(state.Items, Told with { Rotary = PositionKind.RotaryHalves }).Option);
        Assert.Equal("--rotary-base", Ask(state.Items, Told with { RotaryBase = 500 }).Option);
        Assert.Equal("--heads", Ask(state.Items, Told with { Heads = 6 }).Option);

        List<(object, object?)> With((object, object?) field) => [("model", state.Items), ("config", new List<(object, object?)> { ("n_layer", Layers), field })];
    }

    [Fact]
    public void Convert_refuses_a_table_beside_a_position_embedding()
    {
        TestState state = (new PlainModel { Buffers = state => Cos(state, RotaryTables.Once(Math.Cos, 10_000, 4)) }).State();

        Assert.Contains("the model has a position embedding and a table of angles 'cos'", Refuse(state.Items, Told with { Heads = 3 }), StringComparison.Ordinal);
    }

    private static void Cos(TestState state, TestTensor table) => state.Set("cos", table);

    private static TestTensor Off(TestTensor table)
    {
        byte[] data = [.. table.Data];
        BitConverter.TryWriteBytes(data.AsSpan(data.Length - 4), 0.5f);
        return table with { Data = data };
    }

    private static GptConfig Config(TestState state)
    {
        using TemporaryFolder folder = TestFiles.NewFolder();
        (ConversionReport report, ModelFile model) = Conversion.Convert(folder, TinyCheckpoint.Archive(state.Items), Told);
        model.Dispose();
        return report.Config;
    }
}
