using System.Diagnostics;
using MyGpt.Runtime.Kernels.Threading;

namespace MyGpt.Runtime.Tests.Kernels;

public class PacingTests
{
    private const long Work = 1000;
    private static readonly long Millisecond = Stopwatch.Frequency / 1000;

    private Pacing _pacing;
    private long _now = 1;

    [Fact]
    public void Team_goes_on_while_no_worker_keeps_the_caller_waiting()
    {
        for (int i = 0; i < 1000; i++)
            Region(own: Millisecond, wait: Millisecond / 20, parts: 4);
        Assert.True(_pacing.UsesTeam);
    }

    [Fact]
    public void Wait_of_a_few_parts_of_a_long_region_is_no_doubt()
    {
        Region(own: 8 * Millisecond, wait: 7 * Millisecond, parts: 4);
        Assert.True(_pacing.UsesTeam);
    }

    [Fact]
    public void Wait_for_a_worker_sends_the_next_regions_to_the_caller_alone()
    {
        Hold();
        Assert.False(_pacing.UsesTeam);
        Region(own: Millisecond, wait: 0, parts: 1);
        Assert.False(_pacing.UsesTeam);
    }

    [Fact]
    public void Team_that_is_faster_in_its_trial_is_used_again()
    {
        Hold();
        RunWhile(usesTeam: false, ticks: 2 * Millisecond);
        Assert.InRange(RunWhile(usesTeam: true, ticks: Millisecond, atMost: 100), 100, 100);   // the trial, and no end to it
    }

    [Fact]
    public void Team_that_is_slower_in_its_trials_pauses_for_longer_each_time_up_to_a_bound()
    {
        Hold();
        int[] pauses = new int[6];
        for (int i = 0; i < pauses.Length; i++)
        {
            pauses[i] = RunWhile(usesTeam: false, ticks: Millisecond);
            Assert.Equal(4, RunWhile(usesTeam: true, ticks: 2 * Millisecond));
        }
        Assert.Equal([8, 16, 32, 63, 63, 63], pauses);
    }

    [Fact]
    public void Second_wait_within_a_second_starts_a_trial_at_once()
    {
        Hold();
        RunWhile(usesTeam: false, ticks: 2 * Millisecond);
        RunWhile(usesTeam: true, ticks: Millisecond, atMost: 20);
        Hold();
        Assert.Equal(3, RunWhile(usesTeam: true, ticks: 3 * Millisecond));   // 2 ms a region alone, 3 ms with the team: given up after the trial
        RunWhile(usesTeam: false, ticks: 2 * Millisecond);
        RunWhile(usesTeam: true, ticks: Millisecond, atMost: 20);
        _now += 2 * Stopwatch.Frequency;
        Hold();
        Assert.False(_pacing.UsesTeam);   // what the caller alone takes is no longer known
    }

    [Fact]
    public void Trial_compares_time_for_the_same_work()
    {
        Hold();
        RunWhile(usesTeam: false, ticks: Millisecond);
        // Longer regions, but twice the work in 1.5 times the time.
        while (_pacing.UsesTeam && _now < Stopwatch.Frequency)
            Region(own: Millisecond * 3 / 2, wait: 0, parts: 4, work: 2 * Work);
        Assert.True(_pacing.UsesTeam);
    }

    [Fact]
    public void Time_between_steps_ends_neither_pause_nor_trial()
    {
        Hold();
        for (int i = 0; i < 7; i++)
            Idle(Millisecond);
        Assert.False(_pacing.UsesTeam);
        Idle(Millisecond);
        Assert.True(_pacing.UsesTeam);   // 8 ms of work
        for (int i = 0; i < 3; i++)
            Idle(2 * Millisecond);
        Assert.True(_pacing.UsesTeam);
        Idle(2 * Millisecond);
        Assert.False(_pacing.UsesTeam);

        void Idle(long ticks)
        {
            _now += Stopwatch.Frequency / 2;
            Region(ticks, wait: 0, parts: 1);
        }
    }

    [Fact]
    public void Trial_compares_whole_steps()
    {
        // Two regions that do not cost the same, each longer than a pause; the doubt comes between them.
        Note(own: Millisecond / 10, wait: 4 * Millisecond, parts: 4, 100 * Work);
        Assert.False(_pacing.UsesTeam);
        for (int step = 0; step < 20; step++)
        {
            Note(own: 10 * Millisecond, wait: 0, parts: 1, Work);
            _pacing.BeginStep();
            Assert.Equal(step > 0, _pacing.UsesTeam);
            Note(own: (step == 0 ? 10 : 9) * Millisecond, wait: 0, parts: 1, 100 * Work);
            Assert.Equal(step > 0, _pacing.UsesTeam);
        }
    }

    private void Hold() => Region(own: Millisecond / 10, wait: 4 * Millisecond, parts: 4);

    // Steps until the mode changes; how many.
    private int RunWhile(bool usesTeam, long ticks, int atMost = 1000)
    {
        int count = 0;
        for (; count < atMost && _pacing.UsesTeam == usesTeam; count++)
            Region(own: ticks, wait: 0, parts: 1);
        return count;
    }

    // A step of one region.
    private void Region(long own, long wait, int parts, long work = Work)
    {
        Note(own, wait, parts, work);
        _pacing.BeginStep();
    }

    private void Note(long own, long wait, int parts, long work)
    {
        _pacing.Note(_now, _now + own, _now + own + wait, parts, work);
        _now += own + wait;
    }
}
