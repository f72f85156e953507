using MyGpt.Checkpoints.Containers;
using MyGpt.Checkpoints.Values;
using MyGpt.Checkpoints.Vocabularies;
using MyGpt.Runtime;
using MyGpt.Runtime.Model;
using MyGpt.Runtime.Tokenization;

namespace MyGpt.Checkpoints.Families;

/// <summary>
/// The GPT10.4 tutorial: <c>out/ckpt.pt</c> with a config of d_model, n_layers, n_heads and context_length, and a state dict. People
/// type the model themselves, so names are taken in the spellings that are usual.
/// </summary>
/// <remarks>www.aideepdive.dev/build-gpt.</remarks>
internal sealed class Gpt104 : IFamily
{
    private const string Config = "config", Model = "model";

    private static readonly string[] Fields = ["d_model", "n_layers", "n_heads", "context_length"];

    private static readonly GptNames Names = PlainNames.All with { PositionsMayBeRotary = false, FinalNormMayBeAbsent = false };

    private static readonly FamilyDefaults Defaults = new()
    {
        Activation = (ActivationKind.GeluTanh,
            "GPT-2's form; the file does not say (if the model has nn.GELU() without approximate='tanh': --activation gelu-erf)"),
        Norm = (NormKind.LayerNorm, "the tutorial's, without biases here; the file does not say"),
    };

    public string Name => "GPT10.4";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        var root = checkpoint.Root as DictValue;
        if (root?.Get<DictValue>(Config) is not { } config || root.Get<DictValue>(Model) is not { } model)
            return null;
        string[] fields = [.. Fields.Where(field => config.TryGet(field, out _))];
        bool rotary = !Names.PositionEmbedding.Any(name =>
            StateDict.Contains(model, $"{name}.weight") || StateDict.Contains(model, $"{Names.Prefix}{name}.weight"));
        return fields.Length < 2 || rotary ? null
            : new Recognition(fields.Length, $"a config with {string.Join(", ", fields)} beside a state dict named {Model}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report) =>
        new GptReading(checkpoint, Names, Defaults, options, report).Read() with { Generation = StartWithEndOfText };

    // GPT-2's own convention: documents in training are separated by this token, so a text begins after one.
    private static GenerationDefaults StartWithEndOfText(TokenizerData? vocabulary) => new()
    {
        StartToken = vocabulary is not null && vocabulary.SpecialTokens.TryGetValue(Gpt2Vocabulary.EndOfText, out int id) ? id : null,
    };
}
