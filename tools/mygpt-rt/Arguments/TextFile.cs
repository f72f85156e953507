using MyGpt.CommandLine.Terminal;

namespace MyGpt.CommandLine.Arguments;

/// <summary>A text from a file or from standard input.</summary>
/// <remarks>Raw UTF-8: nothing is trimmed, and invalid bytes become U+FFFD.</remarks>
internal static class TextFile
{
    /// <summary>What stands for standard input.</summary>
    public const string StandardInput = "-";

    // Far more than any context holds, and than the texts that models are compared by with `score`, which are of one or two million bytes;
    // little enough that a wrong file does not fill the memory with its text and its tokens.
    private const int MaxBytes = 16 << 20;

    /// <summary>Reads a file.</summary>
    /// <param name="path">As the user gave it.</param>
    /// <exception cref="CommandException">It does not exist or is too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string Read(string path)
    {
        InputFile.Require(path);
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return Decode(file, $"'{path}'");
    }

    /// <summary>Reads standard input.</summary>
    /// <exception cref="CommandException">It is too long.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadStandardInput(CommandConsole console) => Decode(console.Input, "standard input");

    private static string Decode(Stream stream, string name)
    {
        using var bytes = new MemoryStream();
        byte[] block = new byte[64 << 10];
        for (int read; (read = stream.Read(block)) > 0;)
        {
            bytes.Write(block, 0, read);
            if (bytes.Length > MaxBytes)
                throw CommandException.Usage($"{name} is longer than {MaxBytes >> 20} MiB; a text may not be: give a part of it");
        }
        return Utf8.WithoutMark.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
