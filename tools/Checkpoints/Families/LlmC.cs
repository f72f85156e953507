using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// Karpathy's llm.c: GPT-2 with its head tied and its vocabulary padded to a multiple of 128 rows. The padding never has a token, and
/// the model's V is the vocabulary without it, as llm.c samples from it.
/// </summary>
/// <remarks>github.com/karpathy/llm.c, train_gpt2.py and train_gpt2.c.</remarks>
internal sealed class LlmC : IFamily
{
    private const string Header = "llmc", Model = "model", TokenTable = "transformer.wte.weight";

    private static readonly HeadFields HeadFields = new() { Count = ["num_heads"] };

    private static readonly GptNames Names = Gpt2Names.All with { Head = [] };

    public string Name => "llm.c";

    public Recognition? Recognise(Checkpoint checkpoint) => (checkpoint.Root as DictValue)?.Get<DictValue>(Header) is { } header
        ? Recognition.Of(names: 0, header.Items.Count, $"the header of a model with {string.Join(", ", header.TextKeys)}") : null;

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        var header = new ConfigReader(root.Get<DictValue>(Header)!, "the header");
        int vocabSize = header.RequiredSize("vocab_size");
        DictValue tensors = WithoutPadding(root.Get<DictValue>(Model)!, vocabSize, report);
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(tensors, Names.Prefix, report), Names, report);
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(header, HeadFields),
            ContextLength = new PositionChoice(options, gpt, report).Choose(header, ["max_seq_len"], []).ContextLength,
            NormEpsilon = NormChoice.Epsilon(options, stated: null, "llm.c's layernorm_forward; the file does not say", report),
            Activation = ActivationChoice.Choose(
                options, stated: null, ActivationKind.GeluTanh, "llm.c's gelu_forward has the tanh form; the file does not say", report),
        };
        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
            Generation = StartWithEndOfText,
        };
    }

    private static DictValue WithoutPadding(DictValue tensors, int vocabSize, Report report)
    {
        TensorValue padded = tensors.Get<TensorValue>(TokenTable)!;
        long rows = padded.Shape[0];
        if (rows == vocabSize)
            return tensors;
        report.LeftOut($"{Printable.Count(rows - vocabSize, "row")} of padding at the end of {TokenTable}, which has {rows} for {vocabSize} tokens");
        var cut = new DictValue();
        foreach ((Value name, Value tensor) in tensors.Items)
            cut.TryAdd(name, ReferenceEquals(tensor, padded) ? Cut(padded, vocabSize) : tensor);
        return cut;
    }

    private static TensorValue Cut(TensorValue table, int rows) => new()
    {
        Storage = table.Storage,
        Type = table.Type,
        Offset = table.Offset,
        Shape = [rows, table.Shape[1]],
        Strides = table.Strides,
    };

    // train_gpt2.c samples from <|endoftext|> on, and its data has it between documents.
    private static GenerationDefaults StartWithEndOfText(TokenizerData? vocabulary) => vocabulary is { Kind: TokenizerKind.Gpt2Bpe }
        && vocabulary.SpecialTokens.TryGetValue(Gpt2Vocabulary.EndOfText, out int id)
            ? new GenerationDefaults { StartToken = id } : new GenerationDefaults();
}
