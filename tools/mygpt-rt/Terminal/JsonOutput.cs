using System.Text.Encodings.Web;
using System.Text.Json;

namespace MyGpt.CommandLine.Terminal;

/// <summary>The one object that <c>--json</c> prints.</summary>
internal static class JsonOutput
{
    // Relaxed: the output is a file or a terminal, never a web page, and "é" reads better than "\u00E9".
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes one object and a newline.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="members">Writes the object's members.</param>
    public static void Write(Stream output, Action<Utf8JsonWriter> members)
    {
        // Built in memory first: a failure in the middle must not leave half an object.
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }
        buffer.WriteByte((byte)'\n');
        output.Write(buffer.GetBuffer(), 0, (int)buffer.Length);
        output.Flush();
    }
}
