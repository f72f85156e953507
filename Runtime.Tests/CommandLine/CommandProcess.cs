using System.Diagnostics;
using System.Globalization;
using System.Text;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>Runs commands in processes of their own, for what signals and streams do to them.</summary>
internal static class CommandProcess
{
    /// <summary>How long a process may take that is about to end: only one that hangs needs it, however loaded the machine is.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Starts a command in the locale C, its output and errors redirected.</summary>
    public static Process Start(params string[] args) => Start("dotnet", [typeof(CommandConsole).Assembly.Location, .. args], hasInput: false);

    /// <summary>The same with a standard input that nothing is written to.</summary>
    public static Process StartWaiting(params string[] args) => Start("dotnet", [typeof(CommandConsole).Assembly.Location, .. args], hasInput: true);

    /// <summary>The same with variables of the environment.</summary>
    public static Process StartWith(IEnumerable<(string Name, string Value)> environment, params string[] args) =>
        Start("dotnet", [typeof(CommandConsole).Assembly.Location, .. args], hasInput: false, environment);

    /// <summary>The same by a shell that closes or redirects streams first.</summary>
    /// <param name="redirections">Such as <c>0&lt;&amp;-</c>.</param>
    /// <param name="args">Verb and arguments.</param>
    public static Process StartInShell(string redirections, params string[] args) =>
        Start("sh", ["-c", $"exec dotnet \"$@\" {redirections}", "sh", typeof(CommandConsole).Assembly.Location, .. args], hasInput: false);

    private static Process Start(string program, IEnumerable<string> args, bool hasInput, IEnumerable<(string Name, string Value)>? environment = null)
    {
        var start = new ProcessStartInfo(program)
        {
            RedirectStandardInput = hasInput,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        start.Environment["LC_ALL"] = "C";
        foreach ((string name, string value) in environment ?? [])
            start.Environment[name] = value;
        foreach (string arg in args)
            start.ArgumentList.Add(arg);
        return Process.Start(start)!;
    }

    /// <summary>Sends a signal such as <c>INT</c>.</summary>
    public static void Signal(this Process process, string name)
    {
        using var kill = Process.Start("kill", [$"-{name}", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }
}

/// <summary>A fact about signals; skipped, and reported as skipped, where there are none.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows())
            Skip = "needs Unix signals";
    }
}
