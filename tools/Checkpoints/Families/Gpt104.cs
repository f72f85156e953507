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

    // The names that the tutorial shows, within a block of any name; it takes them "to match GPT-2's".
    private static readonly string[] Telling = [".0.attn.c_attn.weight", ".0.attn.c_proj.weight", ".c_fc.weight"];

    // All names as the tutorial has them, by what is visible of it.
    private static readonly string[] Own =
        ["wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "h.0.attn.c_proj.weight", "h.0.mlp.c_fc.weight"];

    private static readonly GptNames Names = PlainNames.All with { PositionsMayBeRotary = false, FinalNormMayBeAbsent = false };

    private static readonly FamilyDefaults Defaults = new()
    {
        Norm = (NormKind.LayerNorm, "the tutorial's, without biases here; the file does not say"),
    };

    // Only for a model that was typed as it stands there: who renames modules may have changed more.
    private static readonly (ActivationKind, string) OwnActivation = (ActivationKind.GeluTanh,
        "GPT-2's form; the file does not say (if the model has nn.GELU() without approximate='tanh': --activation gelu-erf)");

    public string Name => "GPT10.4";

    public Recognition? Recognise(Checkpoint checkpoint)
    {
        var root = checkpoint.Root as DictValue;
        if (root?.Get<DictValue>(Config) is not { } config || root.Get<DictValue>(Model) is not { } model)
            return null;
        string[] fields = [.. Fields.Where(field => config.TryGet(field, out _))];
        string[] names = [.. Telling.Select(name => model.TextKeys.FirstOrDefault(key => key.EndsWith(name, StringComparison.Ordinal))).OfType<string>()];
        bool rotary = !Names.PositionEmbedding.Any(name =>
            StateDict.Contains(model, $"{name}.weight") || StateDict.Contains(model, $"{Names.Prefix}{name}.weight"));
        return fields.Length < 2 || names.Length < Telling.Length || rotary ? null : Recognition.Of(names.Length, fields.Length,
            $"a config with {string.Join(", ", fields)} beside a state dict named {Model} with {string.Join(", ", names.Select(Printable.Quote))}");
    }

    public FamilyModel Read(Checkpoint checkpoint, GivenOptions options, Report report)
    {
        DictValue model = ((DictValue)checkpoint.Root).Get<DictValue>(Model)!;
        bool isOwn = Own.All(name => StateDict.Contains(model, name) || StateDict.Contains(model, Names.Prefix + name));
        FamilyDefaults defaults = isOwn ? Defaults with { Activation = OwnActivation } : Defaults;
        return new GptReading(checkpoint, Names, defaults, options, report).Read() with { Generation = StartWithEndOfText };
    }

    // GPT-2's own convention: documents in training are separated by this token, so a text begins after one.
    private static GenerationDefaults StartWithEndOfText(TokenizerData? vocabulary) => new()
    {
        StartToken = vocabulary is not null && vocabulary.SpecialTokens.TryGetValue(Gpt2Vocabulary.EndOfText, out int id) ? id : null,
    };
}
