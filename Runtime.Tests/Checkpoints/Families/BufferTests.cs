using MyGpt.Checkpoints;
using MyGpt.Runtime.Model;
using static MyGpt.Runtime.Tests.Checkpoints.Families.FamilyRun;

namespace MyGpt.Runtime.Tests.Checkpoints.Families;

/// <summary>What is no weight is left out only when it is what it looks like; all else is an error that names it.</summary>
public class BufferTests
{
    private const int T = ContextLength;

    private static readonly ConvertOptions Told = new() { Heads = 3, Activation = ActivationKind.GeluErf };

    private static readonly Dictionary<string, float[]> NotCausal = new()
    {
        ["all ones"] = Square((_, _) => 1),
        ["all zeros"] = Square((_, _) => 0),
        ["upper triangle"] = Square((y, x) => x >= y ? 1 : 0),
        ["a window"] = Square((y, x) => x <= y && x > y - 3 ? 1 : 0),
        ["one token not seen"] = Square((y, x) => x <= y && (y, x) != (T - 1, 0) ? 1 : 0),
        ["one token seen too early"] = Square((y, x) => x <= y || (y, x) == (T - 2, T - 1) ? 1 : 0),
        ["one ahead"] = Square((y, x) => x <= y + 1 ? 1 : 0),
        ["itself not seen"] = Square((y, x) => x < y ? 1 : 0),
        ["NaN"] = Square((y, x) => x <= y ? 0 : float.NaN),
        ["NaN below"] = Square((y, x) => x <= y ? float.NaN : 0),
        ["distances"] = Square((y, x) => x <= y ? x - y : float.NegativeInfinity),
    };

    public static TheoryData<string> NotCausalNames => [.. NotCausal.Keys];

    [Theory]
    [MemberData(nameof(NotCausalNames))]
    public void Convert_refuses_a_mask_that_is_not_causal_in_any_layer(string name)
    {
        var model = new PlainModel
        {
            Buffers = state =>
            {
                state.Mask("blocks.0.attn.bias", 1, 1, T, T);
                state.Set("blocks.1.attn.bias", TestTensor.Of(NotCausal[name], 1, 1, T, T));
            },
        };

        Assert.Contains("the mask 'blocks.1.attn.bias' is not causal in row ", Refuse(model.State().Items, Told), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("BoolStorage", 1, 1, 0)]
    [InlineData("BoolStorage", 1, 0, 1)]
    [InlineData("ByteStorage", 1, 1, 0)]
    [InlineData("LongStorage", 8, 1, 0)]
    public void Convert_leaves_out_a_causal_mask_of_any_type(string storage, int size, byte upTo, byte after)
    {
        byte[] data = new byte[T * T * size];
        for (int i = 0; i < T * T; i++)
            data[i * size] = i % T <= i / T ? upTo : after;
        var model = new PlainModel { Buffers = state => state.Set("blocks.0.attn.mask", new TestTensor { Storage = storage, Data = data, Shape = [T, T] }) };
        TestState state = model.State();

        Assert.Contains("1 mask (blocks.N.attn.mask): the runtime attends causally by itself",
            Check("plain GPT", state.Items, model.Forward(state), Told).Of(ReportKind.LeftOut));
    }

    [Theory]
    [InlineData(0, float.NegativeInfinity)]
    [InlineData(0, float.MinValue)]
    [InlineData(0, -65504)]       // float16's lowest
    [InlineData(0, -10_000)]
    [InlineData(0, -9984)]        // -10000 in bf16
    [InlineData(0, 1)]
    public void Convert_leaves_out_a_causal_mask_that_is_added(float upTo, float after)
    {
        var model = new PlainModel { Buffers = state => state.Set("blocks.0.attn.mask", TestState.Triangle([T, T], upTo, after)) };
        TestState state = model.State();

        Check("plain GPT", state.Items, model.Forward(state), Told);
    }

    [Theory]
    [InlineData(0, -1)]
    [InlineData(0, -100)]
    [InlineData(0, -9000)]
    [InlineData(0, 10_000)]
    [InlineData(1, -10_000)]
    [InlineData(2, 0)]
    [InlineData(-10_000, 0)]
    public void Convert_refuses_a_bias_that_looks_like_a_mask(float upTo, float after)
    {
        var model = new PlainModel { Buffers = state => state.Set("blocks.0.attn.mask", TestState.Triangle([T, T], upTo, after)) };

        Assert.Contains($"the mask 'blocks.0.attn.mask' has {upTo} for pairs that attend and {after} for those that do not",
            Refuse(model.State().Items, Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_checks_a_mask_that_is_larger_than_a_tile()
    {
        const int Long = 1100;
        float[] mask = [.. Enumerable.Range(0, Long * Long).Select(i => i % Long <= i / Long ? 1f : 0f)];
        List<(object, object?)> root = LongModel(mask);
        Assert.Equal("--heads", Ask(root).Option);   // the mask was no problem

        mask[^2] = 0;

        Assert.Contains("is not causal in row 1099", Refuse(LongModel(mask), Told), StringComparison.Ordinal);

        static List<(object, object?)> LongModel(float[] mask)
        {
            TestState state = new PlainModel { Buffers = state => state.Set("blocks.0.attn.tril", TestTensor.Of(mask, Long, Long)) }.State();
            state.Items[1] = ("pos_emb.weight", TestTensor.Random(1, Long, Width));
            return state.Items;
        }
    }

    [Theory]
    [InlineData("extra.weight", new long[] { 12 })]
    [InlineData("blocks.0.extra", new long[] { 12, 12 })]
    [InlineData("blocks.1.attn.bias", new long[] { 12 })]                // a bias, by its shape
    [InlineData("blocks.1.attn.bias", new long[] { 2, 7, 7 })]           // more than one mask
    [InlineData("blocks.1.attn.bias", new long[] { })]
    [InlineData("blocks.1.mlp.c_gate.weight", new long[] { 20, 12 })]
    [InlineData("blocks.1.attn.q_norm.weight", new long[] { 4 })]
    [InlineData("blocks.0.attn.masked_bias", new long[] { 12 })]
    [InlineData("blocks.0.attn.mask", new long[] { 7, 8 })]
    [InlineData("position_ids", new long[] { 7 })]                       // not integers
    [InlineData("head.weight2", new long[] { 11, 12 })]
    public void Convert_refuses_a_tensor_without_a_place(string name, long[] shape)
    {
        var model = new PlainModel { Buffers = state => state.Set(name, TestTensor.Random(1, shape)) };

        Assert.Contains($"tensor '{name}' of shape [{string.Join(", ", shape)}] has no place in the model", Refuse(model.State().Items, Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_refuses_a_mask_of_another_length()
    {
        var model = new PlainModel { Buffers = state => state.Mask("blocks.0.attn.bias", 8, 8) };
        var rotary = new PlainModel { Positions = null, Buffers = Two };

        Assert.Contains("the mask 'blocks.0.attn.bias' is of 8 positions, but the position embedding has 7", Refuse(model.State().Items, Told), StringComparison.Ordinal);
        Assert.Contains("the mask 'blocks.1.attn.bias' is of 9 positions, but an earlier one has 8", Refuse(rotary.State().Items, Told), StringComparison.Ordinal);

        static void Two(TestState state)
        {
            state.Mask("blocks.0.attn.bias", 8, 8);
            state.Mask("blocks.1.attn.bias", 9, 9);
        }
    }

    [Fact]
    public void Convert_refuses_positions_that_do_not_count_from_0()
    {
        var model = new PlainModel
        {
            Buffers = state => state.Set("position_ids", new TestTensor
            {
                Storage = "LongStorage", Shape = [T], Data = [.. Enumerable.Range(1, T).SelectMany(i => BitConverter.GetBytes((long)i))],
            }),
        };

        Assert.Contains("the buffer 'position_ids' has 1 for position 0", Refuse(model.State().Items, Told), StringComparison.Ordinal);
    }

    [Fact]
    public void Convert_takes_a_mask_that_layers_share_in_several_views()
    {
        TestTensor mask = TestState.Triangle([T, T], upTo: 1, after: 0);
        var model = new PlainModel
        {
            Buffers = state =>
            {
                state.Set("blocks.0.attn.mask", mask);
                state.Set("blocks.1.attn.mask", mask with { Shape = [1, 1, T, T], Strides = [T * T, T * T, T, 1] });
            },
        };
        TestState state = model.State();

        Check("plain GPT", state.Items, model.Forward(state), Told);
    }

    [Fact]
    public void Convert_refuses_masks_that_read_the_same_bytes_over_and_over()
    {
        // One zero among ones is above the diagonal of many (2, 2).
        TestTensor ones = TestTensor.Of([.. Enumerable.Range(0, 16).Select(i => i == 5 ? 0f : 1f)], 16);
        var model = new PlainModel { Positions = null, Buffers = Overlap };

        Assert.Contains("overlaps others in its storage", Refuse(model.State().Items, Told), StringComparison.Ordinal);

        void Overlap(TestState state)
        {
            for (int row = 6; row <= 10; row++)
            {
                for (int column = 1; column <= 5; column++)
                    state.Set($"blocks.0.{row}_{column}.mask", ones with { Shape = [2, 2], Strides = [row, column], Offset = 5 - column });
            }
        }
    }

    private static float[] Square(Func<int, int, float> number) => [.. Enumerable.Range(0, T * T).Select(i => number(i / T, i % T))];
}
