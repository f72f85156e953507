using System.Diagnostics;

namespace MyGpt.CommandLine.Bench;

/// <summary>Runs the same work on several threads and takes the time until the last is done.</summary>
internal static class ThreadGroup
{
    /// <summary>The shortest of several runs, in seconds: what the machine can do when nobody disturbs it.</summary>
    /// <param name="threads">Number of threads.</param>
    /// <param name="runs">Number of runs.</param>
    /// <param name="work">Gets the thread's index.</param>
    public static double BestSeconds(int threads, int runs, Action<int> work)
    {
        double best = double.PositiveInfinity;
        for (int run = 0; run < runs; run++)
        {
            var group = new Thread[threads];
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < threads; i++)
            {
                int index = i;
                group[i] = new Thread(() => work(index)) { IsBackground = true };
                group[i].Start();
            }
            foreach (Thread thread in group)
                thread.Join();
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
        return best;
    }
}
