using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Generation;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Karpathy's microgpt.py, which saves nothing itself: what the lines in docs/microgpt.md write. RMSNorm without weights, after the
/// embeddings and before each sub-layer but not before the head; ReLU, squared in the script's early form; a head of its own; no biases.
/// </summary>
/// <remarks>karpathy, microgpt.py (gist, 2026).</remarks>
internal sealed class MicroGpt : IFamily
{
    private const string Config = "config", Characters = "uchars", Bos = "bos", Head = "lm_head";

    private static readonly string[] Telling = ["wte", "wpe", Head, "layer0.attn_wq", "layer0.attn_wo", "layer0.mlp_fc1", "layer0.mlp_fc2"];

    private static readonly HeadFields HeadFields = new() { Count = ["n_head"] };

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["wte"],
        PositionEmbedding = ["wpe"],
        Blocks = ["layer"],
        Query = ["attn_wq"],
        Key = ["attn_wk"],
        Value = ["attn_wv"],
        Projection = ["attn_wo"],
        MlpUp = ["mlp_fc1"],
        MlpDown = ["mlp_fc2"],
        Head = [Head],
        AbsentHead = AbsentHead.IsMissing,
    };

    public string Name => "microgpt";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        if (StateDict.Find(checkpoint.Root) is not { } state)
            return null;
        string[] names = [.. Telling.Where(name => StateDict.Contains(state, name))];
        return names.Length < 4 ? null : Recognition.Of(names.Length, fields: 0, $"a state dict with {string.Join(", ", names)}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue state = StateDict.Find(root)!;
        ConfigReader? config = root.Get<DictValue>(Config) is { } fields ? new ConfigReader(fields, Config) : null;
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(state, Names.Prefix, report), Names, report) with { EmbeddingNorm = true };
        config?.Expect(gpt.LayerCount, "the number of layers", "n_layer");
        config?.Expect(gpt.EmbeddingDim, "wte", "n_embd");
        config?.Expect(gpt.VocabSize, "wte", "vocab_size");
        report.Assumed("RMSNorm without weights, after the embeddings and none before the head: microgpt.py; the file does not say");
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, HeadFields),
            ContextLength = new PositionChoice(options, gpt, report).Choose(config, ["block_size"], []).ContextLength,
            Activation = ActivationChoice.Choose(options, config?.Text("activation"), ActivationKind.Relu,
                "microgpt.py in its final form; the file does not say (the early form: --activation relu-squared)", report),
            Norm = NormKind.RmsNorm,
            NormEpsilon = NormChoice.Epsilon(options, stated: null, "microgpt.py's rmsnorm; the file does not say", report),
        };
        config?.WarnUnread(report);
        if (!ReferenceEquals(state, root))
            Leftovers.Report(root, [Config, Characters, Bos, StateDict.KeyOf(root)], report);

        ListValue? characters = FindCharacters(root);
        int? bos = FindBos(root, characters, gpt.VocabSize, report);
        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => characters is not null && bos is { } id
                ? MakeVocabulary(characters, id, gpt.VocabSize, report) : VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
            Generation = _ => new GenerationDefaults
            {
                StartToken = bos,
                StartBeforePrompt = bos is not null,
                EndToken = bos,
                Overflow = Overflow.Stop,
            },
        };
    }

    // A list of them, or one string: what ''.join(uchars) gives.
    private static ListValue? FindCharacters(DictValue root) => root.Get<TextValue>(Characters) is { } text
        ? new ListValue(ListKind.List, [.. text.Value.EnumerateRunes().Select(static rune => new TextValue(rune.ToString()))])
        : root.Get<ListValue>(Characters);

    // The token that begins and ends every document; microgpt.py: BOS = len(uchars).
    private static int? FindBos(DictValue root, ListValue? characters, int vocabSize, Report report)
    {
        if (root.TryGet(Bos, out Value? value))
        {
            return value is IntegerValue { Value: >= 0 } id && id.Value < vocabSize ? (int)id.Value : throw new CheckpointException(
                $"{Bos} is {(value is IntegerValue other ? $"{other.Value}" : value.Kind)}; one of the model's ids, 0 to {vocabSize - 1}, was needed");
        }
        if (characters?.Items.Count == vocabSize - 1)
        {
            report.Assumed($"BOS is the token {vocabSize - 1}: microgpt.py gives it the id after its characters; the file does not say");
            return vocabSize - 1;
        }
        report.Warning($"the file has no '{Bos}': generation begins with the prompt and ends at the context's end");
        return null;
    }

    private static TokenizerData MakeVocabulary(ListValue list, int bos, int vocabSize, Report report)
    {
        string[] characters = VocabularyTable.RequireCharacters(VocabularyTable.Texts(list, Characters), Characters);
        if (characters.Length != vocabSize - 1)
        {
            throw new CheckpointException($"{Characters} has {Printable.Count(characters.Length, "character")} and the model "
                + $"{Printable.Count(vocabSize, "token")}; one less, for BOS, was needed");
        }
        report.Found($"vocabulary: {Printable.Count(characters.Length, "character")} from {Characters}, and BOS without a text as token {bos}");
        return VocabularyTable.Check(() => TokenizerDataBuilder.Characters([.. characters[..bos], "", .. characters[bos..]]), Characters);
    }
}
