using System.Text.Json;

namespace MyGpt.CommandLine.Terminal;

/// <summary>A result that can be shown to people and to programs.</summary>
internal interface IReport
{
    /// <summary>Writes it as text.</summary>
    void Print(TextWriter output);

    /// <summary>Writes the members of its JSON object.</summary>
    void Write(Utf8JsonWriter json);
}
