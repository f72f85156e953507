using MyGpt.CommandLine.Verify;
using MyGpt.Runtime.Model;

namespace MyGpt.Runtime.Tests.CommandLine;

public class DifferenceLimitTests
{
    // Of logits up to 100 whose float32 run is 0.5 off: 1.5 and not 3e-4.
    private static readonly DifferenceLimit Wide = new(floatError: 0.5, largest: 100, isExact: true, tolerance: null);
    private static readonly DifferenceLimit Narrow = new(floatError: 0, largest: 100, isExact: true, tolerance: null);

    [Fact]
    public void Logits_may_be_off_by_the_larger_of_two_bounds()
    {
        Assert.Equal(1.5, Wide.OfLogits!.Value, 1e-12);
        Assert.Equal(3e-4, Narrow.OfLogits!.Value, 1e-12);
        Assert.Equal(0.25, new DifferenceLimit(0.5, 100, isExact: true, tolerance: 0.25).OfLogits);
        Assert.Equal(0.25, new DifferenceLimit(0.5, 100, isExact: false, tolerance: 0.25).OfLogits);
        Assert.Null(new DifferenceLimit(0.5, 100, isExact: false, tolerance: null).OfLogits);
    }

    [Fact]
    public void Operations_have_a_limit_of_their_largest_difference_and_one_of_the_root_mean_square()
    {
        // m 10 and root mean square 4: 3e-6 m, 1e-6 of the root mean square.
        AssertNear((3e-5, 4e-6), Narrow.Of(ForwardOperation.Qkv, null, 10, 4));
        // Its own d of 0.2: 3 d, d / 3. None of its own: a tenth of the logits' 0.5.
        AssertNear((0.6, 0.2 / 3), Narrow.Of(ForwardOperation.Qkv, 0.2, 10, 4));
        AssertNear((0.15, 0.05 / 3), Wide.Of(ForwardOperation.Qkv, null, 10, 4));
        AssertNear((3e-5, 4e-6), Wide.Of(ForwardOperation.Qkv, 0, 10, 4));
        Assert.Null(Wide.Of(ForwardOperation.Logits, null, 100, 4).Rms);
    }

    [Fact]
    public void Tolerance_of_logits_is_that_of_an_operation_in_proportion()
    {
        var given = new DifferenceLimit(0.5, largest: 100, isExact: true, tolerance: 2);
        Assert.Equal((0.2, null), given.Of(ForwardOperation.MlpHidden, 0.5, 10, 4));
        Assert.Equal((null, null), new DifferenceLimit(0.5, 100, isExact: false, tolerance: null).Of(ForwardOperation.MlpHidden, 0.5, 10, 4));
    }

    [Fact]
    public void Operation_at_its_limits_does_not_diverge()
    {
        OperationResult result = new(default, Largest: 10, MaxDifference: 2, RmsDifference: 1, Where: null, Limit: 2, RmsLimit: 1);
        Assert.False(result.Diverges);
        Assert.Equal(1, result.LimitShare);
        Assert.True((result with { Limit = Math.BitDecrement(2) }).Diverges);
        Assert.True((result with { RmsLimit = Math.BitDecrement(1) }).Diverges);
        Assert.False((result with { Limit = null, RmsLimit = null }).Diverges);
        OperationResult zeros = new(default, Largest: 0, MaxDifference: 0, RmsDifference: 0, Where: null, Limit: 0, RmsLimit: 0);
        Assert.Equal((false, 0), (zeros.Diverges, zeros.LimitShare));
    }

    [Fact]
    public void Largest_difference_is_found_where_it_is_first()
    {
        var figures = new OperationFigures();
        figures.AddRow("a", 0, [1, 2, 3], [1, 2.5, 3]);
        figures.AddRow("a", 1, [1, 2, 3], [1, 2, 2.5]);
        OperationResult result = figures.Result(default, Narrow);
        Assert.Equal((0.5, new ValuePlace("a", 0, 1), 3), (result.MaxDifference, result.Where, result.Largest));
        Assert.Equal(Math.Sqrt(2 * 0.25 / 6), result.RmsDifference, 1e-15);
    }

    private static void AssertNear((double Max, double Rms) expected, (double? Max, double? Rms) actual)
    {
        Assert.Equal(expected.Max, actual.Max!.Value, 1e-12);
        Assert.Equal(expected.Rms, actual.Rms!.Value, 1e-12);
    }
}
