using System.Globalization;
using System.Text.Json;
using MyGpt.CommandLine.Bench;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;
using MyGpt.Runtime.Weights;

namespace MyGpt.CommandLine.Verbs;

/// <summary>What is in a weights.bin, as a text and as JSON.</summary>
/// <param name="model">The open file.</param>
/// <param name="isChecked">Whether its checksums have been verified.</param>
internal sealed class WeightsReport(ModelFile model, bool isChecked)
{
    private const string Narrowed = "narrowed";

    private readonly long _bytes = model.File.Sections[^1].Offset + model.File.Sections[^1].Length;

    private readonly TensorView[] _matrices = [.. TensorSpec.For(model.Description.Config).Where(spec => spec.IsMatrix)
        .Select(spec => model.File.Tensor(spec.Name, spec.Rows, spec.Columns))];

    /// <summary>Writes a table of facts and one of sections.</summary>
    public void Print(TextWriter output)
    {
        var facts = new TextTable(false, false);
        facts.Add("file", $"{Messages.OneLine(model.File.Path)}: weights.bin, {Figures.Bytes(_bytes)}");
        ConfigText.Add(facts, model.Description.Config);
        facts.Add("type", Types());
        facts.Add("tokenizer", Tokenizer());
        facts.Add("generation", Generation());
        AddNarrowing(facts);
        foreach (JsonProperty item in model.File.Source.EnumerateObject().Where(item => !item.NameEquals(Narrowed)))
            AddSource(facts, item);
        facts.Add("checksums", isChecked ? $"all {model.File.Sections.Count} hold" : "not verified; --check does");
        facts.Write(output);

        output.WriteLine();
        var sections = new TextTable(false, false, false, true, true);
        sections.Add("section", "type", "shape", "offset", "bytes");
        foreach (SectionInfo section in model.File.Sections)
        {
            sections.Add(section.Name, $"{section.Type.Code()} {section.Layout.Code()}", $"[{string.Join(", ", section.Shape)}]",
                Figures.Count(section.Offset), Figures.Count(section.Length));
        }
        sections.Write(output);
    }

    /// <summary>Writes the members of the JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("file", model.File.Path);
        json.WriteString("kind", "weights");
        json.WriteNumber("bytes", _bytes);
        json.WriteNumber("parameters", ConfigText.ParameterCount(model.Description.Config));
        json.WriteString("type", string.Join(" and ", _matrices.Select(matrix => matrix.Type).Distinct().Order().Select(ElementTypes.Code)));
        json.WriteNumber("bytes_per_weight", Math.Round(BytesPerWeight(), 4));
        Write(json, "config", model.File.Config);
        Write(json, "tokenizer", model.File.Tokenizer);
        Write(json, "generation", model.File.Generation);
        Write(json, "source", model.File.Source);
        json.WriteBoolean("checksums_verified", isChecked);
        SectionTable.Write(json, model.File.Sections);
    }

    // Before the lines of the origin, which tell of the first conversion and of its type.
    private void AddNarrowing(TextTable facts)
    {
        if (!model.File.Source.TryGetProperty(Narrowed, out JsonElement steps))
            return;
        facts.Add(Narrowed, Messages.OneLine($"{string.Join(", then ", Texts(steps))}; the lines from here on are of the weights.bin that it was made from"));
    }

    private static string[] Texts(JsonElement value)
    {
        IEnumerable<JsonElement> values = value.ValueKind == JsonValueKind.Array ? value.EnumerateArray() : [value];
        return [.. values.Select(item => item.ValueKind == JsonValueKind.String ? item.GetString()! : item.GetRawText())];
    }

    // Free in form: a list becomes a line for each item. That of the placed tensors is a table of its own.
    private static void AddSource(TextTable facts, JsonProperty item)
    {
        string label = Messages.OneLine(item.Name.Replace('_', ' '));
        string[] texts = Texts(item.Value);
        foreach (string text in item.NameEquals("placed") ? ReportText.AlignArrows(texts) : texts)
        {
            facts.Add(label, Messages.OneLine(text));
            label = "";
        }
    }

    // Matrices may have different types.
    private string Types()
    {
        string[] types = [.. _matrices.GroupBy(matrix => matrix.Type).OrderByDescending(group => group.Sum(ModelCost.Bytes))
            .Select(group => $"{group.Count()} {group.Key.Code()}")];
        string type = types.Length == 1 ? _matrices[0].Type.Code() : $"matrices of several: {string.Join(", ", types)}";
        return string.Create(CultureInfo.InvariantCulture, $"{type}, {BytesPerWeight():0.####} bytes a weight");
    }

    private double BytesPerWeight() => (double)_matrices.Sum(ModelCost.Bytes) / _matrices.Sum(matrix => (long)matrix.Rows * matrix.Columns);

    private static void Write(Utf8JsonWriter json, string name, JsonElement value)
    {
        json.WritePropertyName(name);
        value.WriteTo(json);
    }

    private string Tokenizer()
    {
        if (model.Description.Tokenizer is not { } tokenizer)
            return "none: takes and prints ids; convert again with --vocab FILE for text";
        string kind = tokenizer.Kind switch
        {
            TokenizerKind.Gpt2Bpe => "GPT-2 byte-level BPE",
            TokenizerKind.Characters => "characters",
            TokenizerKind.Words => "words",
            TokenizerKind.MyGptBpe => "myGPT BPE",
        };
        string specials = string.Join(", ", tokenizer.SpecialTokens.Select(token => $"{token.Key} = {token.Value}"));
        return Messages.OneLine($"{kind}, {Figures.Count(tokenizer.TokenCount)} tokens{(specials.Length > 0 ? $", {specials}" : "")}");
    }

    private string Generation()
    {
        GenerationDefaults defaults = model.Description.Generation;
        string start = defaults switch
        {
            { StartToken: { } token, StartBeforePrompt: true } => $"every text starts with token {token}",
            { StartToken: { } token } => $"starts with token {token}",
            _ => "no start token",
        };
        string end = defaults.EndToken is { } last ? $"ends with token {last}" : "no end token";
        return defaults.Overflow switch
        {
            Overflow.Stop => $"{start}, {end}, stops when the context is full",
            Overflow.Crop or null => $"{start}, {end}",
        };
    }
}
