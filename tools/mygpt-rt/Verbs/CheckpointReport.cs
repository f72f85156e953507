using System.Text.Json;
using MyGpt.Checkpoints;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime.Model;

namespace MyGpt.CommandLine.Verbs;

/// <summary>What is in a checkpoint, as a text and as JSON.</summary>
internal sealed class CheckpointReport(string path, CheckpointDescription checkpoint)
{
    /// <summary>Writes a table of facts and one of tensors.</summary>
    public void Print(TextWriter output)
    {
        var facts = new TextTable(false, false);
        facts.Add("file", $"{Messages.OneLine(path)}: {checkpoint.Container}, {Figures.Bytes(checkpoint.FileBytes)}");
        facts.Add("family", checkpoint.Family ?? "not recognised");
        if (checkpoint.Config is { } config)
            ConfigText.Add(facts, config);
        ReportText.Add(facts, checkpoint.Lines);
        facts.Write(output);

        output.WriteLine();
        var tensors = new TextTable(false, false, false);
        tensors.Add("tensor", "type", "shape");
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
            tensors.Add(Messages.OneLine(tensor.Name), tensor.Type, $"[{string.Join(", ", tensor.Shape)}]");
        tensors.Write(output);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("file", path);
        json.WriteString("kind", "checkpoint");
        json.WriteNumber("bytes", checkpoint.FileBytes);
        json.WriteString("container", checkpoint.Container);
        json.WriteString("family", checkpoint.Family);
        json.WritePropertyName("config");
        if (checkpoint.Config is { } config)
            GptConfigJson.Write(config).WriteTo(json);
        else
            json.WriteNullValue();
        ReportText.Write(json, checkpoint.Lines);
        json.WriteStartArray("tensors");
        foreach (CheckpointTensor tensor in checkpoint.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("type", tensor.Type);
            json.WriteStartArray("shape");
            foreach (long size in tensor.Shape)
                json.WriteNumberValue(size);
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
