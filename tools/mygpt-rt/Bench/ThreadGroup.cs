using System.Diagnostics;

namespace MyGpt.CommandLine.Bench;

/// <summary>Runs the same work on several threads and takes the time until the last is done.</summary>
internal static class ThreadGroup
{
    private const int Runs = 3;

    /// <summary>The middle one of three runs, in seconds. Threads begin together, when all of them have started.</summary>
    /// <param name="threads">Number of threads, the caller's included.</param>
    /// <param name="work">Gets the thread's index.</param>
    /// <param name="share">Gathers the processor time; null where nobody asks.</param>
    public static double Seconds(int threads, Action<int> work, ProcessorShare? share = null)
    {
        double[] seconds = new double[Runs];
        for (int run = 0; run < Runs; run++)
            seconds[run] = Once(threads, work, share);
        return Spread.Of(seconds).Median;
    }

    private static double Once(int threads, Action<int> work, ProcessorShare? share)
    {
        using var ready = new CountdownEvent(threads);
        using var go = new ManualResetEventSlim();
        var group = new Thread[threads - 1];
        for (int i = 0; i < group.Length; i++)
        {
            int index = i + 1;
            group[i] = new Thread(() =>
            {
                ready.Signal();
                go.Wait();
                work(index);
            })
            { IsBackground = true };
            group[i].Start();
        }
        ready.Signal();
        ready.Wait();
        TimeSpan used = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        go.Set();
        work(0);
        foreach (Thread thread in group)
            thread.Join();
        TimeSpan passed = Stopwatch.GetElapsedTime(start);
        share?.Add(threads, passed, Environment.CpuUsage.TotalTime - used);
        return passed.TotalSeconds;
    }
}
