using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// GPT-2 as llama.cpp's converter writes it to GGUF: architecture <c>gpt2</c>, matrices (out, in) and no longer Conv1D's, the vocabulary
/// in the metadata. A head of its own is a copy of the token embedding in most files.
/// </summary>
/// <remarks>github.com/ggml-org/llama.cpp, the converter's GPT2Model and src/models/gpt2.cpp.</remarks>
internal sealed class GgufGpt2 : IFamily
{
    private const string Metadata = "metadata", Tensors = "tensors", Architecture = "general.architecture", Gpt2 = "gpt2", Fields = "gpt2.";

    private static readonly HeadFields HeadFields = new()
    {
        Count = ["gpt2.attention.head_count"],
        KvCount = ["gpt2.attention.head_count_kv"],
        Dim = ["gpt2.attention.key_length"],
    };

    private static readonly GptNames Names = new()
    {
        TokenEmbedding = ["token_embd"],
        PositionEmbedding = ["position_embd"],
        Blocks = ["blk."],
        AttentionNorm = ["attn_norm"],
        FusedQkv = ["attn_qkv"],
        Projection = ["attn_output"],
        MlpNorm = ["ffn_norm"],
        MlpUp = ["ffn_up"],
        MlpDown = ["ffn_down"],
        FinalNorm = ["output_norm"],
        Head = ["output"],
    };

    public string Name => "GGUF GPT-2";

    // Another architecture is recognised too, to be refused by name.
    public Recognition? Recognise(Checkpoint checkpoint) => checkpoint.Root is DictValue root
        && root.Get<DictValue>(Metadata)?.Get<TextValue>(Architecture) is { } architecture && root.Get<DictValue>(Tensors) is not null
            ? Recognition.Of(names: 0, fields: 2, $"metadata with {Architecture} = {Printable.Quote(architecture.Value)}") : null;

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        var root = (DictValue)checkpoint.Root;
        DictValue metadata = root.Get<DictValue>(Metadata)!, tensors = root.Get<DictValue>(Tensors)!;
        string architecture = metadata.Get<TextValue>(Architecture)!.Value;
        if (architecture != Gpt2)
            throw new CheckpointException($"the model's architecture is {Printable.Quote(architecture)}; of GGUF files only '{Gpt2}' is converted");
        RefuseUnreadTypes(tensors);

        var config = new ConfigReader(Own(metadata), "the metadata");
        AssembledGpt gpt = GptAssembler.Assemble(StateDict.Read(tensors, Names.Prefix, report), Names, report);
        config.Expect(gpt.LayerCount, "the number of layers", "gpt2.block_count");
        config.Expect(gpt.EmbeddingDim, "token_embd.weight", "gpt2.embedding_length");
        config.Expect(gpt.MlpDim, "ffn_up.weight", "gpt2.feed_forward_length");
        config.Expect(gpt.VocabSize, "token_embd.weight", "gpt2.vocab_size");
        var choices = new GptChoices
        {
            Heads = new HeadChoice(options, gpt, report).Choose(config, HeadFields),
            ContextLength = new PositionChoice(options, gpt, report).Choose(config, ["gpt2.context_length"], []).ContextLength,
            NormEpsilon = NormChoice.Epsilon(options, config.Positive("gpt2.attention.layer_norm_epsilon"), "GPT-2's; the metadata does not say it", report),
            Activation = ActivationChoice.Choose(options, stated: null, ActivationKind.GeluTanh,
                "llama.cpp computes the tanh form for this architecture; the metadata does not say it", report),
        };
        config.WarnUnread(report);
        GenerationDefaults generation = ReadGeneration(metadata, gpt.VocabSize);
        return new FamilyModel
        {
            Config = gpt.ToConfig(choices),
            Tensors = gpt.Sources,
            Vocabulary = () => GgufVocabulary.Find(metadata, gpt.VocabSize, report) ?? VocabularySearch.Find(checkpoint, gpt.VocabSize, report),
            Generation = _ => generation,
        };
    }

    private static void RefuseUnreadTypes(DictValue tensors)
    {
        foreach ((Value name, Value value) in tensors.Items)
        {
            if (value is OpaqueValue unread)
            {
                throw new CheckpointException($"{Printable.Quote(((TextValue)name).Value)} is a {unread.Name}, which is not read; F32, F16, BF16, Q8_0 "
                    + "and Q4_0 are: quantise the original model again to one of them (llama-quantize)");
            }
        }
    }

    private static DictValue Own(DictValue metadata)
    {
        var own = new DictValue();
        foreach ((Value key, Value value) in metadata.Items)
        {
            if (key is TextValue text && text.Value.StartsWith(Fields, StringComparison.Ordinal))
                own.TryAdd(key, value);
        }
        return own;
    }

    private static GenerationDefaults ReadGeneration(DictValue metadata, int vocabSize)
    {
        int? start = Token("tokenizer.ggml.bos_token_id");
        return new GenerationDefaults
        {
            StartToken = start,
            StartBeforePrompt = start is not null && metadata.Get<BoolValue>("tokenizer.ggml.add_bos_token")?.Value == true,
            EndToken = Token("tokenizer.ggml.eos_token_id"),
        };

        int? Token(string key)
        {
            if (!metadata.TryGet(key, out Value? value))
                return null;
            return value is IntegerValue { Value: >= 0 } id && id.Value < vocabSize ? (int)id.Value : throw new CheckpointException(
                $"the metadata says {key} is {(value is IntegerValue other ? $"{other.Value}" : value.Kind)}; one of the model's ids, 0 to {vocabSize - 1}, was needed");
        }
    }
}
