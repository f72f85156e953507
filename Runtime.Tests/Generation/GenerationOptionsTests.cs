using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.Generation;

public class GenerationOptionsTests
{
    [Fact]
    public void Defaults_are_those_of_the_command_line()
    {
        var options = new GenerationOptions();

        Assert.Equal(200, options.MaxNewTokens);
        Assert.Equal(KvType.F32, options.KvType);
        Assert.Equal(0.8f, options.Temperature);
        Assert.Equal(50, options.TopK);
        Assert.Equal(1, options.SampleCount);
        Assert.Equal(0, options.Speculate);
        Assert.Null(options.Overflow);
        Assert.Empty(options.StopStrings);
        Assert.Null(options.EndTokens);
        Assert.Null(options.Seed);
        Assert.False(options.AllowSpecial);
    }

    [Fact]
    public void Init_value_out_of_range_throws_and_names_the_property()
    {
        Throws(nameof(GenerationOptions.MaxNewTokens), () => new() { MaxNewTokens = -1 });
        Throws(nameof(GenerationOptions.Temperature), () => new() { Temperature = -0.1f });
        Throws(nameof(GenerationOptions.Temperature), () => new() { Temperature = float.NaN });
        Throws(nameof(GenerationOptions.Temperature), () => new() { Temperature = float.PositiveInfinity });
        Throws(nameof(GenerationOptions.TopK), () => new() { TopK = -1 });
        Throws(nameof(GenerationOptions.SampleCount), () => new() { SampleCount = 0 });
        Throws(nameof(GenerationOptions.Speculate), () => new() { Speculate = -1 });
        Throws(nameof(GenerationOptions.Speculate), () => new() { Speculate = 65 });
        Throws(nameof(GenerationOptions.Overflow), () => new() { Overflow = (Overflow)9 });
        Throws(nameof(GenerationOptions.KvType), () => new() { KvType = (KvType)9 });
        Throws(nameof(GenerationOptions.EndTokens), () => new() { EndTokens = [1, -2] });
        Throws(nameof(GenerationOptions.StopStrings), () => new() { StopStrings = ["a", ""] });
        Throws(nameof(GenerationOptions.StopStrings), () => new() { StopStrings = ["a\uDE00"] });
        Throws(nameof(GenerationOptions.StopStrings), () => new() { StopStrings = null! });
    }

    [Fact]
    public void Init_limits_are_allowed()
    {
        var options = new GenerationOptions { MaxNewTokens = 0, Temperature = 0, TopK = 0, SampleCount = 1, StopStrings = ["\U0001F600"], EndTokens = [] };

        Assert.Equal(0, options.MaxNewTokens);
        Assert.Equal(["\U0001F600"], options.StopStrings);
    }

    [Fact]
    public void StopStrings_later_change_of_the_callers_list_changes_nothing()
    {
        List<string> stops = ["a"];
        var options = new GenerationOptions { StopStrings = stops };

        stops[0] = "";

        Assert.Equal(["a"], options.StopStrings);
    }

    [Theory]
    [InlineData(FinishReason.MaxTokens, "max_tokens")]
    [InlineData(FinishReason.StopString, "stop_string")]
    [InlineData(FinishReason.EndToken, "end_token")]
    [InlineData(FinishReason.ContextFull, "context_full")]
    [InlineData(FinishReason.Cancelled, "cancelled")]
    public void ToJsonName_is_the_documented_name(FinishReason reason, string name) => Assert.Equal(name, reason.ToJsonName());

    private static void Throws(string property, Func<GenerationOptions> make) =>
        Assert.Equal(property, Assert.ThrowsAny<ArgumentException>(make).ParamName);
}
