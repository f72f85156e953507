using System.Text;
using MyGpt.CommandLine;
using MyGpt.CommandLine.Terminal;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What happens to the streams: text appears as it is written, Ctrl-C, a closed pipe, a full disk.</summary>
[Collection(SharedModels.Name)]
public class StreamTests(Models models)
{
    [Fact]
    public void Text_is_written_token_by_token()
    {
        using var output = new RecordingStream();
        Command.Run(output, [], CancellationToken.None, "generate", models.Words, "I", "-n", "4", "--temperature", "0").Succeeded();
        Assert.Equal(["I", " love", " AI", " !", " I\n"], output.Writes);
    }

    [Fact]
    public void Interrupt_ends_after_the_current_token_and_prints_the_statistics()
    {
        using var interrupt = new CancellationTokenSource();
        using var output = new RecordingStream { OnWrite = text => { if (text == " AI") interrupt.Cancel(); } };
        CommandResult result = Command.Run(output, [], interrupt.Token, "generate", models.Words, "I", "-n", "50", "--temperature", "0");
        Assert.Equal(130, result.ExitCode);
        Assert.Equal("I love AI\n", string.Concat(output.Writes));
        result.Says("generated");
        Assert.DoesNotContain("error", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Closed_pipe_ends_quietly()
    {
        using var output = new RecordingStream { OnWrite = text => { if (text == " AI") throw new BrokenPipeException(new IOException("Broken pipe")); } };
        CommandResult result =
            Command.Run(output, [], CancellationToken.None, "generate", models.Words, "I", "-n", "1000000", "--overflow", "stop", "--temperature", "0");
        Assert.Equal(0, result.ExitCode);
        Assert.Equal("", result.Error);
    }

    [Fact]
    public void The_window_is_warned_of_before_the_text_begins()
    {
        string? warning = null;
        using var error = new StringWriter { NewLine = "\n" };
        using var output = new RecordingStream { OnWrite = _ => warning ??= error.ToString() };
        var console = new CommandConsole { Input = Stream.Null, Output = output, Error = error, WatchInterrupt = () => CancellationToken.None };
        Assert.Equal(ExitCode.Done, Cli.Run(["generate", models.Words, "I", "-n", "70", "--temperature", "0"], console));
        Assert.StartsWith("warning: the context of 64 tokens ", warning, StringComparison.Ordinal);
        Assert.Equal(warning, error.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("--json")]
    public void Full_disk_is_one_line_and_exit_code_4(string option)
    {
        using var output = new RecordingStream { OnWrite = _ => throw new IOException("cannot write to standard output: No space left on device") };
        string[] args = ["generate", models.Words, "I", "-n", "3", "--temperature", "0"];
        Command.Run(output, [], CancellationToken.None, option.Length > 0 ? [.. args, option] : args).Failed(4);
    }

    [Fact]
    public void Standard_output_of_a_process_reports_a_closed_pipe_and_streams()
    {
        using System.Diagnostics.Process process = CommandProcess.Start("generate", models.Words, "I", "-n", "100000000", "--temperature", "0");
        char[] start = new char[15];
        Assert.Equal(start.Length, process.StandardOutput.ReadBlock(start));   // arrives although the process is far from its end
        Assert.Equal("I love AI ! I l", new string(start));
        process.StandardOutput.Close();
        Assert.True(process.WaitForExit(CommandProcess.Patience), "still writing into a closed pipe");
        Assert.Equal(0, process.ExitCode);
        Assert.DoesNotContain("error", process.StandardError.ReadToEnd(), StringComparison.Ordinal);
    }

    [UnixFact]
    public void Interrupt_signal_ends_a_process_with_130_and_the_statistics()
    {
        using System.Diagnostics.Process process = CommandProcess.Start("generate", models.Words, "I", "-n", "100000000", "--temperature", "0");
        process.StandardOutput.Read();
        process.Signal("INT");
        string output = process.StandardOutput.ReadToEnd(), error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(CommandProcess.Patience));
        Assert.Equal(130, process.ExitCode);
        Assert.EndsWith("\n", output, StringComparison.Ordinal);
        Assert.Contains("generated", error, StringComparison.Ordinal);
    }

    [UnixFact]
    public void Interrupt_signal_ends_the_reading_of_standard_input_with_130()
    {
        foreach (string verb in new[] { "tokenize", "generate", "score" })
        {
            using System.Diagnostics.Process process = CommandProcess.StartWaiting(verb, models.Words, "-");
            using var waiting = new Timer(_ => process.Signal("INT"), null, TimeSpan.FromSeconds(0.5), TimeSpan.FromSeconds(0.5));
            string error = process.StandardError.ReadToEnd();
            Assert.True(process.WaitForExit(CommandProcess.Patience));
            Assert.Equal((130, "error: interrupted\n"), (process.ExitCode, error));
        }
    }

    [UnixFact]
    public void Closed_streams_end_a_process_at_once()
    {
        if (!OperatingSystem.IsLinux())
            return;
        foreach (string verb in new[] { "tokenize", "generate", "score" })
            Assert.Equal((4, "", "error: cannot read standard input: it is closed\n"), Ended("0<&-", verb, models.Words, "-"));
        Assert.Equal((4, "", "error: cannot write to standard output: it is closed\n"), Ended("1>&-", "tokenize", models.Words, "I"));
        Assert.Equal((4, "", "error: cannot write to standard output: it is closed\n"), Ended("0<&- 1>&-", "tokenize", models.Words, "I"));
        Assert.Equal((0, "0  'I'\n", ""), Ended("0<&- 2>&-", "tokenize", models.Words, "I"));
        Assert.Equal((2, "", ""), Ended("0<&- 2>&-", "tokenize", models.Words, "you"));
        Assert.Equal((4, "", "error: cannot read standard input: Is a directory\n"), Ended("0</", "tokenize", models.Words, "-"));
    }

    private static (int ExitCode, string Output, string Error) Ended(string redirections, params string[] args)
    {
        using System.Diagnostics.Process process = CommandProcess.StartInShell(redirections, args);
        string output = process.StandardOutput.ReadToEnd(), error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(CommandProcess.Patience));
        return (process.ExitCode, output, error);
    }

    [Fact]
    public void Output_of_a_process_is_utf8_whatever_the_locale()
    {
        using System.Diagnostics.Process process = CommandProcess.Start("tokenize", models.Shakespeare, "é");
        string error = process.StandardError.ReadToEnd();
        Assert.True(process.WaitForExit(CommandProcess.Patience));
        Assert.Equal(2, process.ExitCode);
        Assert.Contains("'é'", error, StringComparison.Ordinal);
    }

    // Remembers each write, which is what a terminal would show at that moment.
    private sealed class RecordingStream : MemoryStream
    {
        public List<string> Writes { get; } = [];

        public Action<string>? OnWrite { get; init; }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            string text = Encoding.UTF8.GetString(buffer);
            Writes.Add(text);
            OnWrite?.Invoke(text);
        }
    }
}
