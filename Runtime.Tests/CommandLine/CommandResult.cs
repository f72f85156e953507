using System.Text;
using System.Text.Json;

namespace MyGpt.Runtime.Tests.CommandLine;

/// <summary>What a command left behind.</summary>
/// <param name="ExitCode">What the process would return.</param>
/// <param name="OutputBytes">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandResult(int ExitCode, byte[] OutputBytes, string Error)
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Standard output as text; it must be valid UTF-8.</summary>
    public string Output => Strict.GetString(OutputBytes);

    /// <summary>Standard output as one JSON object and a newline.</summary>
    public JsonElement Json()
    {
        Assert.EndsWith("}\n", Output, StringComparison.Ordinal);
        using JsonDocument document = JsonDocument.Parse(OutputBytes);
        return document.RootElement.Clone();
    }

    /// <summary>Passes the result on if the command succeeded.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}: {Error}");
        return this;
    }

    /// <summary>Holds what every error must hold: the exit code, one line that begins "error: ", nothing on standard output.</summary>
    /// <param name="exitCode">The exit code.</param>
    /// <param name="needed">What the line must hold too.</param>
    /// <returns>The line.</returns>
    public string Failed(int exitCode, string needed = "")
    {
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode}, {exitCode} needed: {Error}{Output}");
        Assert.Equal("", Output);
        string line = Assert.Single(Error.TrimEnd('\n').Split('\n'));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(needed, line, StringComparison.Ordinal);
        return line;
    }

    /// <summary>Holds that standard output has each of some texts.</summary>
    public CommandResult Shows(params string[] texts)
    {
        Assert.All(texts, text => Assert.Contains(text, Output, StringComparison.Ordinal));
        return this;
    }

    /// <summary>Holds that standard error has each of some texts.</summary>
    public CommandResult Says(params string[] texts)
    {
        Assert.All(texts, text => Assert.Contains(text, Error, StringComparison.Ordinal));
        return this;
    }
}
