using System.CommandLine;
using System.Text.Json;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>tokenize WEIGHTS.BIN [TEXT]</c>: ids and pieces.</summary>
internal sealed class TokenizeVerb : IVerb
{
    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model whose tokenizer is asked");
    private readonly TextInput _text = new("TEXT");
    private readonly Option<bool> _special = Options.Flag("--special", "<|endoftext|> and its like are tokens, not text");
    private readonly Option<UnknownText?> _unknown = Options.Unknown();
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object: ids and pieces");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        _text.Define(command);
        command.Options.Add(_special);
        command.Options.Add(_unknown);
        command.Options.Add(_json);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        string path = arguments.GetValue(_weights)!;
        string text = _text.Read(arguments, console)
            ?? throw CommandException.Usage("no text given; give TEXT, --file FILE, or - for standard input");
        using ModelFile model = ModelOpener.Open(path, ModelFile.Open);
        if (model.Tokenizer is not { } tokenizer)
            throw NoVocabulary.Error(path);
        bool allowSpecial = arguments.GetValue(_special);
        UnknownText unknown = arguments.GetValue(_unknown) ?? UnknownText.Error;
        int[] ids = tokenizer.Encode(text, allowSpecial, unknown);
        UnknownTextWarning.Show(tokenizer, text, allowSpecial, unknown, console);
        if (arguments.GetValue(_json))
            JsonOutput.Write(console.Output, json => Write(json, ids, tokenizer));
        else
            Print(ids, tokenizer, console);
        return ExitCode.Done;
    }

    private static void Print(int[] ids, ITokenizer tokenizer, CommandConsole console)
    {
        using StreamWriter output = console.OutputText();
        var table = new TextTable(true, false);
        foreach (int id in ids)
            table.Add(id.ToString(System.Globalization.CultureInfo.InvariantCulture), TokenText.Shown(tokenizer.TokenBytes(id)));
        table.Write(output);
    }

    private static void Write(Utf8JsonWriter json, int[] ids, ITokenizer tokenizer)
    {
        json.WriteStartArray("ids");
        foreach (int id in ids)
            json.WriteNumberValue(id);
        json.WriteEndArray();
        json.WriteStartArray("pieces");
        foreach (int id in ids)
            json.WriteStringValue(Utf8.WithoutMark.GetString(tokenizer.TokenBytes(id)));
        json.WriteEndArray();
    }
}
