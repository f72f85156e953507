using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Bench;

/// <summary>The time from the start of a process to its first token, as a user waits for it: this program is started and timed.</summary>
internal static class FirstToken
{
    private const int Starts = 5;

    /// <summary>Milliseconds until the first token after a prompt has been printed, of several processes.</summary>
    /// <param name="weights">The model's file.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="threads">Threads that compute.</param>
    /// <param name="kvType">What keys and values are cached as.</param>
    /// <returns>Null if a process cannot be started or fails.</returns>
    public static Spread? Milliseconds(string weights, int[] prompt, int threads, KvType kvType)
    {
        ProcessStartInfo command = Command(weights, prompt, threads, kvType);
        var times = new List<double>();
        while (times.Count < Starts)
        {
            if (Milliseconds(command) is not { } milliseconds)
                return null;
            times.Add(milliseconds);
        }
        return Spread.Of(times);
    }

    private static ProcessStartInfo Command(string weights, int[] prompt, int threads, KvType kvType)
    {
        var start = new ProcessStartInfo { RedirectStandardOutput = true, RedirectStandardError = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) is "mygpt-rt")
            start.FileName = Environment.ProcessPath!;
        else
        {
            start.FileName = "dotnet";
            start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "mygpt-rt.dll"));
        }
        string ids = string.Join(',', prompt.Select(id => id.ToString(CultureInfo.InvariantCulture)));
        string threadCount = threads.ToString(CultureInfo.InvariantCulture);
        string[] arguments =
            ["generate", weights, "--ids", ids, "-n", "1", "--temperature", "0", "--no-prompt", "--threads", threadCount, "--kv-type", kvType.Code()];
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    private static double? Milliseconds(ProcessStartInfo start)
    {
        long begin = Stopwatch.GetTimestamp();
        try
        {
            using Process? process = Process.Start(start);
            if (process is null || process.StandardOutput.Read() < 0)
                return null;
            double milliseconds = Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
            process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? milliseconds : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }
}
