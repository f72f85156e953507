using MyGpt.CommandLine.Bench;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>When bench and doctor say that the machine was busy.</summary>
public class DisturbanceTests
{
    [Theory]
    [InlineData(2, 0.93, null)]
    [InlineData(2, 0.52, "the probes on 2 threads got 52 % of the processor time that they asked for")]
    [InlineData(1, 0.745, "the probes on 1 thread got 74 % of the processor time that they asked for")]
    public void Threads_that_do_not_get_their_time_are_a_sign(int threads, double share, string? sign) => Assert.Equal(sign, Disturbance.OfShare(threads, share));

    [Theory]
    [InlineData(2, 2.0, 117, 232, null)]
    [InlineData(2, 2.0, 117, 176, null)]
    [InlineData(2, 2.0, 117, 116, "2 threads computed 0.9 times as much as one; their cores should give 1.5 at least")]
    [InlineData(2, 2.0, 100, 149, "2 threads computed 1.4 times as much as one; their cores should give 1.5 at least")]
    [InlineData(2, 1.5, 100, 124, "2 threads computed 1.2 times as much as one; their cores should give 1.25 at least")]
    [InlineData(8, 8.0, 100, 460, null)]
    [InlineData(8, 8.0, 100, 440, "8 threads computed 4.4 times as much as one; their cores should give 4.5 at least")]
    [InlineData(1, 8.0, 117, 117, null)]
    [InlineData(8, 1.0, 117, 117, null)]     // one core
    [InlineData(8, 0.5, 117, 117, null)]     // half of its time
    [InlineData(8, null, 117, 117, null)]    // not known how many: they may be one
    public void Threads_that_compute_hardly_more_than_one_are_a_sign_where_there_are_cores_for_them(int threads, double? cores, double one, double all, string? sign) =>
        Assert.Equal(sign, Disturbance.OfGain(threads, cores, one, all));

    [Theory]
    [InlineData(35, 30, null)]
    [InlineData(59, 37, "the read rate on 2 threads was 37.0 GB/s in some rounds and 59.0 in others")]
    public void Rounds_far_apart_are_a_sign(double best, double other, string? sign) => Assert.Equal(sign, Disturbance.OfRounds(2, "read", best, other, "GB/s"));

    [Fact]
    public void Warning_is_of_the_first_sign()
    {
        Assert.Null(Disturbance.Warning());
        Assert.Null(Disturbance.Warning(null, null));
        Assert.StartsWith("the machine was busy while it was measured (this): ", Disturbance.Warning(null, "this", "that"), StringComparison.Ordinal);
    }

    [Fact]
    public void Share_is_of_what_threads_can_get()
    {
        var share = new ProcessorShare(processors: 2);
        Assert.Equal(1, share.Value);
        share.Add(threads: 8, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1.5));
        Assert.Equal(0.75, share.Value);
        share.Add(threads: 1, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(0.5));
        Assert.Equal(0.5, share.Value);
        var half = new ProcessorShare(processors: 0.5);
        half.Add(threads: 1, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(0.5));
        Assert.Equal(1, half.Value);
    }
}
