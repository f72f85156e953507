using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace MyGpt.CommandLine.Bench;

/// <summary>The time from the start of a process to its first token, as a user waits for it: a process of this program is started and timed.</summary>
internal static class FirstToken
{
    private const int Starts = 5;

    /// <summary>Milliseconds until the first token after a prompt has been printed, of several processes; null if one cannot be started or fails.</summary>
    /// <param name="weights">The model's file.</param>
    /// <param name="prompt">Token ids.</param>
    /// <param name="threads">Threads that compute.</param>
    public static Spread? Milliseconds(string weights, int[] prompt, int threads)
    {
        ProcessStartInfo command = Command(weights, prompt, threads);
        var times = new List<double>();
        while (times.Count < Starts)
        {
            if (Milliseconds(command) is not { } milliseconds)
                return null;
            times.Add(milliseconds);
        }
        return Spread.Of(times);
    }

    private static ProcessStartInfo Command(string weights, int[] prompt, int threads)
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
        foreach (string argument in (string[])["generate", weights, "--ids", ids, "--max-new-tokens", "1", "--temperature", "0", "--no-prompt"])
            start.ArgumentList.Add(argument);
        start.ArgumentList.Add("--threads");
        start.ArgumentList.Add(threads.ToString(CultureInfo.InvariantCulture));
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
