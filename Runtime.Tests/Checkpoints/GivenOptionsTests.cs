using MyGpt.Checkpoints;
using MyGpt.Checkpoints.Families;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Checkpoints;

public class GivenOptionsTests
{
    private static readonly Dictionary<string, (ConvertOptions Given, Func<GivenOptions, object?> Read)> Each = new()
    {
        ["--heads"] = (new() { Heads = 2 }, given => given.Heads),
        ["--kv-heads"] = (new() { KvHeads = 2 }, given => given.KvHeads),
        ["--context"] = (new() { ContextLength = 2 }, given => given.ContextLength),
        ["--activation"] = (new() { Activation = ActivationKind.Relu }, given => given.Activation),
        ["--norm"] = (new() { Norm = NormKind.LayerNorm }, given => given.Norm),
        ["--norm-epsilon"] = (new() { NormEpsilon = 2 }, given => given.NormEpsilon),
        ["--rotary"] = (new() { Rotary = PositionKind.RotaryPairs }, given => given.Rotary),
        ["--rotary-base"] = (new() { RotaryBase = 2 }, given => given.RotaryBase),
    };

    public static TheoryData<string> Names => [.. Each.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void RequireAllRead_option_that_nobody_looked_at_is_named(string name)
    {
        var given = new GivenOptions(Each[name].Given);
        foreach (string other in Each.Keys.Where(other => other != name))
            Assert.Null(Each[other].Read(given));

        var error = Assert.Throws<OptionException>(() => given.RequireAllRead("some"));
        Assert.Equal(name, error.Option);
        Assert.StartsWith($"{name} does not apply: this some checkpoint", error.Message, StringComparison.Ordinal);

        Assert.NotNull(Each[name].Read(given));
        given.RequireAllRead("some");
    }

    public static TheoryData<string, ConvertOptions> Impossible => new()
    {
        { "--kv-heads", new() { KvHeads = 0 } },
        { "--kv-heads", new() { KvHeads = -1 } },
        { "--context", new() { ContextLength = 0 } },
        { "--context", new() { ContextLength = int.MinValue } },
        { "--context", new() { ContextLength = int.MaxValue } },
        { "--norm-epsilon", new() { NormEpsilon = 0 } },
        { "--norm-epsilon", new() { NormEpsilon = -1e-5f } },
        { "--norm-epsilon", new() { NormEpsilon = float.NaN } },
        { "--norm-epsilon", new() { NormEpsilon = float.PositiveInfinity } },
        { "--rotary", new() { Rotary = PositionKind.Learned } },
        { "--rotary-base", new() { RotaryBase = 0.5f } },
        { "--rotary-base", new() { RotaryBase = float.NaN } },
        { "--rotary-base", new() { RotaryBase = float.PositiveInfinity } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void Reading_an_option_that_no_model_has_names_it(string name, ConvertOptions options)
    {
        var error = Assert.Throws<OptionException>(() => Each[name].Read(new GivenOptions(options)));

        Assert.Equal(name, error.Option);
        Assert.StartsWith($"{name} ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(" was needed", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireAllRead_without_options_holds() => new GivenOptions(new ConvertOptions()).RequireAllRead("some");
}
