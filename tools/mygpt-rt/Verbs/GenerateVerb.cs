using System.CommandLine;
using System.CommandLine.Parsing;
using MyGpt.CommandLine.Arguments;
using MyGpt.CommandLine.Terminal;
using MyGpt.Runtime;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.CommandLine.Verbs;

/// <summary><c>generate WEIGHTS.BIN [PROMPT]</c>: streams the continuation of a text.</summary>
internal sealed class GenerateVerb : IVerb
{
    private static readonly GenerationOptions Defaults = new();

    private readonly Argument<string> _weights = InputFile.Argument("WEIGHTS.BIN", "the model, as convert wrote it");
    private readonly PromptInput _prompt = new();

    private readonly Option<int> _maxNewTokens =
        Options.Whole("--max-new-tokens", ["-n"], "tokens to generate", 0, int.MaxValue, Defaults.MaxNewTokens);

    private readonly Option<float> _temperature =
        Options.NonNegative("--temperature", "what logits are divided by; 0 takes the most likely token", Defaults.Temperature);

    private readonly Option<int> _topK =
        Options.Whole("--top-k", [], "draw from the K most likely tokens; 0 from all", 0, int.MaxValue, Defaults.TopK);

    private readonly Option<ulong?> _seed = Options.Seed("--seed", "the same seed gives the same text [default: random, printed]");
    private readonly Option<int?> _threads = Options.Threads();
    private readonly Option<int> _sampleCount = Options.Whole("--num-samples", [], "continuations to write", 1, 4096, Defaults.SampleCount);

    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "end at this text, which is not printed; may be given several times",
        HelpName = "TEXT",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<Overflow?> _overflow = Options.OneOf(
        "--overflow", "when the context is full: go on with its last tokens, slowly, or stop [default: what the model's family does, else crop]",
        ("crop", Overflow.Crop), ("stop", Overflow.Stop));

    private readonly Option<KvType?> _kvType = Options.KvType();

    private readonly Option<bool> _noKvCache = Options.Flag(
        "--no-kv-cache", "compute all that a token sees from scratch, as the tutorials do: the same bytes, but slow; to check the cache against");

    private readonly Option<int> _speculate = Options.Whole(
        "--speculate", [], "guess up to N tokens from what the text repeats and check them together: the same text and logits, faster where it repeats; 0 for none",
        0, GenerationOptions.MostSpeculated, Defaults.Speculate);

    private readonly Option<bool> _hash = Options.Flag(
        "--hash", "print the SHA-256 of all logits that tokens were chosen from: equal wherever the same is computed, on any machine");

    private readonly Option<bool> _special = Options.Flag("--special", "<|endoftext|> and its like are tokens in the prompt, not text");
    private readonly Option<UnknownText?> _unknown = Options.Unknown();
    private readonly Option<bool> _noPrompt = Options.Flag("--no-prompt", "print the continuation only");
    private readonly Option<bool> _stats = Options.Flag("--stats", "print counts and rates on standard error");
    private readonly Option<bool> _json = Options.Flag("--json", "print one JSON object instead of text");

    public void Define(Command command)
    {
        command.Arguments.Add(_weights);
        _prompt.Define(command);
        _stop.Validators.Add(RequireStopText);
        Option[] options =
            [_maxNewTokens, _temperature, _topK, _seed, _threads, _sampleCount, _stop, _overflow, _kvType, _noKvCache, _speculate, _special,
             _unknown, _noPrompt, _hash, _stats, _json];
        foreach (Option option in options)
            command.Options.Add(option);
    }

    public ExitCode Run(ParseResult arguments, CommandConsole console)
    {
        GenerationOptions options = ReadOptions(arguments);
        if (options is { UseKvCache: false, Speculate: > 0 })
            throw CommandException.Usage("--speculate guesses on top of the cache that --no-kv-cache switches off; give one of them");
        string path = arguments.GetValue(_weights)!;
        Prompt prompt = _prompt.Read(arguments, console);
        using LoadedModel loaded = LoadedModel.Open(path, arguments.GetValue(_threads));
        LanguageModel model = loaded.Model;
        if (model.Tokenizer is null && prompt.Text is { Length: > 0 })
            throw NoVocabulary.Error(path);
        if (model.Tokenizer is null && options.StopStrings.Count > 0)
            throw CommandException.Usage($"--stop needs text, and '{path}' has no vocabulary; leave it out, or convert again with --vocab FILE");

        using GenerationRun run = Start(model, prompt, options, console);
        string? seen = prompt.Text;
        if (model.Tokenizer is { } vocabulary && prompt.Text is { } given
            && UnknownTextWarning.Show(vocabulary, given, options.AllowSpecial, options.Unknown, console))
        {
            seen = vocabulary.Decode(vocabulary.Encode(given, options.AllowSpecial, options.Unknown));
        }
        int contextLength = model.Gpt.Config.ContextLength;
        Overflow overflow = options.Overflow ?? model.Description.Generation.Overflow ?? Overflow.Crop;
        CheckPromptLength(run, contextLength, overflow, console);
        WindowWarning.Show(run, options.MaxNewTokens, contextLength, overflow, console);
        if (options.Seed is null && options.Temperature > 0)
            console.Messages.Note($"seed {run.Seed}");
        if (prompt is { Text: "" } or { Ids: [] } && !model.Description.Generation.StartBeforePrompt)
        {
            int start = run.PromptIds[0];
            string shown = model.Tokenizer is { } tokenizer ? $", {TokenText.Shown(tokenizer.TokenBytes(start))}" : "";
            string hint = console.InputIsRedirected && !_prompt.IsGiven(arguments) ? "; give - to read standard input" : "";
            console.Messages.Note($"note: the prompt is empty; beginning with token {start}{shown}{hint}");
        }

        SpeculationNote.Show(run, options, model.Gpt.Config.VocabSize, console);
        string? text = model.Tokenizer is null ? null : seen ?? model.Tokenizer.Decode(prompt.Ids);
        if (arguments.GetValue(_json))
            AnswerInJson(run, text, model, options, console);
        else
            Stream(run, arguments.GetValue(_noPrompt) ? "" : text ?? string.Join(' ', prompt.Ids ?? []), model, console);

        bool interrupted = run.Samples.Any(sample => sample.FinishReason == FinishReason.Cancelled);
        if (arguments.GetValue(_stats) || interrupted)
            StatisticsText.Print(run.Statistics, options, loaded.OpenMilliseconds, console);
        return interrupted ? ExitCode.Interrupted : ExitCode.Done;
    }

    private static void Stream(GenerationRun run, string prompt, LanguageModel model, CommandConsole console)
    {
        using StreamWriter output = console.OutputText();
        string separator = SampleSeparator.Between(prompt, model.Tokenizer);
        var writer = new SampleWriter(output, prompt, separator, run.Samples.Count, asIds: model.Tokenizer is null);
        writer.Begin();
        while (run.MoveNext())
            writer.Take(run.Samples);
        writer.EndFinished(run.Samples);
        for (int i = 0; i < run.Samples.Count; i++)
        {
            if (run.Samples[i].LogitsHash is { } hash)
                console.Messages.Note($"logits of sample {i + 1}: SHA-256 {hash}");
        }
    }

    private static void AnswerInJson(GenerationRun run, string? prompt, LanguageModel model, GenerationOptions options, CommandConsole console)
    {
        var answer = new GenerationAnswer(prompt, model.Tokenizer is not null, run.Samples.Count);
        while (run.MoveNext())
            answer.Take(run.Samples);
        JsonOutput.Write(console.Output, json => answer.Write(json, run, options));
    }

    private static GenerationRun Start(LanguageModel model, Prompt prompt, GenerationOptions options, CommandConsole console)
    {
        int vocabSize = model.Gpt.Config.VocabSize;
        foreach (int id in prompt.Ids ?? [])
        {
            if (id < 0 || id >= vocabSize)
                throw CommandException.Usage($"token id {id} is not in the vocabulary; ids go from 0 to {vocabSize - 1}");
        }
        try
        {
            return prompt.Text is { } text && model.Tokenizer is not null
                ? model.Generate(text, options, console.WatchInterrupt())
                : model.Generate(prompt.Ids ?? [], options, console.WatchInterrupt());
        }
        catch (ArgumentException)   // of what it may be about, only an empty prompt is left
        {
            throw CommandException.Usage("the prompt is empty and this model has no token to begin with; "
                + (model.Tokenizer is null ? "give --ids 1,2,3" : "give it some text"));
        }
    }

    private static void CheckPromptLength(GenerationRun run, int context, Overflow overflow, CommandConsole console)
    {
        int length = run.PromptIds.Length;
        if (length <= context)
            return;
        if (overflow == Overflow.Stop)
        {
            throw CommandException.Usage($"the prompt has {length} tokens, the context holds {context}; "
                + $"shorten it, or give --overflow crop to continue from its last {context} tokens");
        }
        console.Messages.Warning($"the prompt has {length} tokens, the context holds {context}: the model sees only the last {context}");
    }

    // Nothing is drawn at temperature 0: a fixed seed keeps the JSON of a greedy run the same.
    private GenerationOptions ReadOptions(ParseResult arguments) => new()
    {
        MaxNewTokens = arguments.GetValue(_maxNewTokens),
        Temperature = arguments.GetValue(_temperature),
        TopK = arguments.GetValue(_topK),
        Seed = arguments.GetValue(_seed) ?? (arguments.GetValue(_temperature) == 0 ? 0UL : null),
        SampleCount = arguments.GetValue(_sampleCount),
        StopStrings = arguments.GetValue(_stop) ?? [],
        Overflow = arguments.GetValue(_overflow),
        KvType = arguments.GetValue(_kvType) ?? Defaults.KvType,
        Speculate = arguments.GetValue(_speculate),
        UseKvCache = !arguments.GetValue(_noKvCache),
        HashLogits = arguments.GetValue(_hash),
        AllowSpecial = arguments.GetValue(_special),
        Unknown = arguments.GetValue(_unknown) ?? Defaults.Unknown,
    };

    private static void RequireStopText(OptionResult result)
    {
        if (result.Tokens.Any(token => token.Value.Length == 0))
            result.AddError("--stop is empty; give the text to stop at");
    }
}
