using MyGpt.CommandLine.Verbs;

namespace MyGpt.Runtime.Tests.CommandLine;

public class FiguresTests
{
    [Theory]
    [InlineData("4.1e-07", 4.1e-7, null)]
    [InlineData("4.1e-07", 4.1e-7, 5e-5)]
    [InlineData("5.1e-05", 5.1e-5, 5.1e-5)]
    [InlineData("5.09e-05", 5.09e-5, 5.11e-5)]
    [InlineData("5.11e-05", 5.11e-5, 5.09e-5)]
    [InlineData("5.1001e-05", 5.1001e-5, 5.1002e-5)]
    [InlineData("1.00000000000002e+00", 1.00000000000002, 1.0)]
    [InlineData("Infinity", double.PositiveInfinity, 1.0)]
    [InlineData("0.0e+00", 0.0, 0.0)]
    public void Small_has_the_digits_that_tell_it_from_the_other(string expected, double value, double? other) =>
        Assert.Equal(expected, Figures.Small(value, other));
}
