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

    /// <summary>Writes one object and a newline as its members come, where they are too many to be gathered: what fails in the middle leaves a part of it.</summary>
    /// <param name="output">Standard output.</param>
    /// <param name="members">Writes the object's members, and flushes now and then.</param>
    public static void Stream(Stream output, Action<Utf8JsonWriter> members)
    {
        var writer = new Utf8JsonWriter(output, Options);   // not disposed when it fails: that would write what it still holds
        writer.WriteStartObject();
        members(writer);
        writer.WriteEndObject();
        writer.Flush();
        output.WriteByte((byte)'\n');
        output.Flush();
    }

    /// <summary>Writes a number, or null: JSON has neither infinity nor NaN.</summary>
    public static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
